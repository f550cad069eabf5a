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
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "emulator/base/unique_fd.hpp"
#include "emulator/cli/commands.hpp"
#include "emulator/cli/options.hpp"
#include "emulator/report/host_facts.hpp"

namespace coldframe::cli {
namespace {

enum class Verdict { good, missing, fatal };

struct Finding {
  Verdict verdict;
  std::string what;
  std::string detail;
};

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

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
  std::string detail = std::string("denied: ") + std::strerror(why);
  if (first_line("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1") {
    detail += "; sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0 allows them";
  }
  return {Verdict::missing, "user namespaces", detail};
}

std::string v1_controllers() {
  std::ifstream mounts("/proc/self/mounts");
  std::string line;
  std::string found;
  while (std::getline(mounts, line)) {
    std::istringstream words(line);
    std::string source, place, type, options;
    words >> source >> place >> type >> options;
    if (type != "cgroup" || options.starts_with("ro")) continue;
    for (const char* name : {"cpu", "memory", "pids"}) {
      if (("," + options + ",").find("," + std::string(name) + ",") != std::string::npos) {
        if ((" " + found + " ").find(" " + std::string(name) + " ") == std::string::npos) {
          found += (found.empty() ? "" : " ") + std::string(name);
        }
      }
    }
  }
  return found;
}

Finding check_cgroups() {
  std::error_code ignored;
  std::string detail;
  for (const char* root : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
    const std::string path = std::string(root) + "/cgroup.controllers";
    if (std::filesystem::exists(path, ignored)) {
      const auto list = first_line(path);
      detail +=
          std::string("v2 at ") + root + " (" + (list.empty() ? "no controllers" : list) + ")";
    }
  }
  if (const auto v1 = v1_controllers(); !v1.empty()) {
    detail += (detail.empty() ? "" : ", ") + ("v1 with " + v1);
  }
  if (detail.empty()) return {Verdict::missing, "cgroups", "none to be seen under /sys/fs/cgroup"};
  return {Verdict::good, "cgroups", detail};
}

Finding check_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const auto environments = limit.rlim_cur > 40 ? (limit.rlim_cur - 40) / 8 : 0;
  return {limit.rlim_cur >= 256 ? Verdict::good : Verdict::missing, "open files",
          std::to_string(limit.rlim_cur) + ", enough for some " + std::to_string(environments) +
              " environments" + (limit.rlim_cur >= 1024 ? "" : "; ulimit -n 4096 raises it")};
}

Finding check_state_directory() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  const std::string base = runtime != nullptr && *runtime == '/' ? runtime : "/tmp";
  if (::access(base.c_str(), W_OK) == 0) return {Verdict::good, "run registry", "kept in " + base};
  return {
      Verdict::missing, "run registry",
      base + " cannot be written: after a kill -9 of coldframe and its guard, nothing is swept"};
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
  std::printf("coldframe %s on %s %s, %d cores (%s), uid %d\n", COLDFRAME_VERSION, kernel.sysname,
              kernel.release, host.cores, host.cpu_model.c_str(), static_cast<int>(::geteuid()));
  bool fatal = false;
  std::puts("needed to run a function:");
  for (const auto& finding :
       {check_pidfd(), check_close_range(), check_descriptors(), check_state_directory()}) {
    print(finding);
    fatal = fatal || finding.verdict == Verdict::fatal;
  }
  std::puts(
      "in force in this version:\n"
      "  limits   none: CPU share and memory are measured, not limited\n"
      "  sandbox  none: the host's file system and network, an own process group and session");
  std::puts("what later versions can use on this host:");
  for (const auto& finding : {check_cgroups(), check_user_namespace()})
    print(finding);
  if (!fatal) return 0;
  std::puts("this host cannot run functions; see FATAL above");
  return static_cast<int>(ExitCode::not_supported);
}

}  // namespace

void add_doctor(CLI::App& app, CommandLine& line) {
  auto* command = app.add_subcommand("doctor", "what this host can do, and what is missing");
  command->footer("Example:\n  coldframe doctor");
  command->callback([&line] {
    line.exit_code = line.bootstrap.empty() ? run() : fail(usage_error("doctor takes no command"));
  });
}

}  // namespace coldframe::cli
