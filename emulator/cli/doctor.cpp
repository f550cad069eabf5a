// coldframe doctor: what this host can do for the emulator, and what to do about what is missing.
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "emulator/base/interruption.hpp"
#include "emulator/base/unique_fd.hpp"
#include "emulator/cgroup/cgroup_backend.hpp"
#include "emulator/cli/commands.hpp"
#include "emulator/cli/doctor_clean.hpp"
#include "emulator/cli/doctor_limits.hpp"
#include "emulator/cli/doctor_sandbox.hpp"
#include "emulator/cli/held_signals.hpp"
#include "emulator/cli/options.hpp"
#include "emulator/process/run_registry.hpp"
#include "emulator/report/cgroup_facts.hpp"
#include "emulator/report/host_facts.hpp"
#include "emulator/sandbox/root_layout.hpp"
#include "emulator/sandbox/sandbox_remedy.hpp"

namespace coldframe::cli {
namespace {

enum class Verdict { good, missing, fatal };

struct Finding {
  Verdict verdict;
  std::string what;
  std::string detail;
};

Finding check_pidfd() {
  UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
  if (fd) return {Verdict::good, "process handles", "pidfd_open works"};
  return {Verdict::fatal, "process handles",
          std::string("pidfd_open: ") + std::strerror(errno) + "; Linux 5.3 or newer is needed"};
}

Finding check_close_range() {
  if (::syscall(SYS_close_range, ~0u - 1, ~0u, CLOSE_RANGE_CLOEXEC) == 0) {
    return {Verdict::good, "descriptor hygiene", "close_range works"};
  }
  return {Verdict::good, "descriptor hygiene",
          "no close_range (before Linux 5.11); done one by one"};
}

// Tried in a child, so that this process stays where it is.
Finding check_user_namespace() {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 ? 0 : errno);
  int status = 0;
  ::waitpid(pid, &status, 0);
  const int why = WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
  if (why == 0) return {Verdict::good, "user namespaces", "allowed"};
  const SandboxFacts facts = read_sandbox_facts();
  if (facts.is_root && facts.may_administrate) {
    return {Verdict::good, "user namespaces", "denied; root needs none"};
  }
  const std::string remedy = sandbox_remedy(facts);
  return {Verdict::missing, "user namespaces",
          std::string("denied: ") + std::strerror(why) + (remedy.empty() ? "" : "; " + remedy)};
}

Finding check_cgroups() {
  const CgroupBackend backend = detect_cgroups();
  const std::string there = read_cgroups();
  const std::string facts = there.empty() ? "" : " (there: " + there + ")";
  if (backend.kind != CgroupKind::none) return {Verdict::good, "cgroups", backend.summary + facts};
  return {Verdict::missing, "cgroups", backend.summary + facts + "; " + backend.remedy};
}

// In the strict sandbox with control groups; without either it is 7.
constexpr rlim_t k_of_an_environment = 28;

Finding check_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur == RLIM_INFINITY) return {Verdict::good, "open files", "unlimited"};
  const auto environments = limit.rlim_cur > 40 ? (limit.rlim_cur - 40) / k_of_an_environment : 0;
  return {limit.rlim_cur >= 256 ? Verdict::good : Verdict::missing, "open files",
          std::to_string(limit.rlim_cur) + ", enough for some " + std::to_string(environments) +
              " environments" + (limit.rlim_cur >= 1024 ? "" : "; ulimit -n 4096 raises it")};
}

// Asked of the registry itself, which has its own opinion of directories that are not ours.
Finding check_run_registry() {
  constexpr bool k_sweeps = false;  // we look
  RunRegistry registry = RunRegistry::open({}, k_sweeps);
  if (registry.path().empty()) {
    return {
        Verdict::missing, "run registry",
        "in memory only, as no directory for it is this user's alone: after a kill -9 of coldframe "
        "and its guard nothing is swept; a private XDG_RUNTIME_DIR helps"};
  }
  const std::string place = std::filesystem::path(registry.path()).parent_path().string();
  registry.unlink();
  return {Verdict::good, "run registry", "kept in " + place};
}

void print(const Finding& finding) {
  const char* word = finding.verdict == Verdict::good      ? "ok     "
                     : finding.verdict == Verdict::missing ? "missing"
                                                           : "FATAL  ";
  std::printf("  %s  %-20s %s\n", word, finding.what.c_str(), finding.detail.c_str());
}

int run() {
  const HostFacts host = read_host();
  utsname kernel{};
  ::uname(&kernel);
  std::printf("coldframe %s on %s %s, %d cores (%s), uid %d%s\n", COLDFRAME_VERSION, kernel.sysname,
              kernel.release, host.cores, host.cpu_model.c_str(), static_cast<int>(::geteuid()),
              is_first_user_namespace() ? "" : " of a user namespace");
  bool fatal = false;
  std::puts("needed to run a function:");
  for (const auto& finding :
       {check_pidfd(), check_close_range(), check_descriptors(), check_run_registry()}) {
    print(finding);
    fatal = fatal || finding.verdict == Verdict::fatal;
  }
  const HeldSignals held;
  const bool counts_files = print_limits();
  if (pending_signal() == 0) print_sandbox(counts_files);
  if (const int number = pending_signal(); number != 0) {
    return fail({static_cast<ExitCode>(128 + number), "interrupted by " + signal_text(number)});
  }
  std::puts("what these are made of:");
  for (const auto& finding : {check_cgroups(), check_user_namespace()})
    print(finding);
  if (!fatal) return 0;
  std::puts("this host cannot run functions; see FATAL above");
  return static_cast<int>(ExitCode::not_supported);
}

}  // namespace

void add_doctor(CLI::App& app, CommandLine& line) {
  struct Options {
    bool calibrate = false, clean = false;
  };
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("doctor", "what this host can do, and what is missing");
  auto* calibration =
      command->add_flag("--calibrate", options->calibrate, "speed of a core, for --cpu-scale");
  command->add_flag("--clean", options->clean, "end and remove what dead runs have left")
      ->excludes(calibration);
  command->footer("Example:\n  coldframe doctor");
  command->callback([options, &line] {
    if (!line.bootstrap.empty()) {
      line.exit_code = fail(usage_error("doctor takes no command"));
      return;
    }
    line.exit_code = options->clean ? clean() : options->calibrate ? calibrate() : run();
  });
}

}  // namespace coldframe::cli
