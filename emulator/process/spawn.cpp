#include "emulator/process/spawn.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "emulator/process/descriptor_limit.hpp"
#include "emulator/process/group_entry.hpp"

namespace coldframe {
namespace {

// Everything below runs in the child of a process that may have several threads: system calls only.
void tell(int report, ExecStage stage, int error_number) {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const ExecNote note{stage, error_number, std::int64_t{usage.ru_maxrss} * 1024};
  [[maybe_unused]] auto n = ::write(report, &note, sizeof note);
}

[[noreturn]] void fail(int report, ExecStage stage, int error_number) {
  tell(report, stage, error_number);
  ::_exit(127);
}

// Moves `fd` out of the way of the numbers that are about to be given out: 0 to 2 and `taken`.
int lift(int fd, int taken, int report) {
  if (fd < 0) return fd;
  int lifted = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
  if (lifted == taken) lifted = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);  // `taken` is in use: another
  if (lifted < 0) fail(report, ExecStage::set_up, errno);
  return lifted;
}

// The group that is to hold it, and its CPUs.
void take_place(const SpawnPlan& plan, const cpu_set_t& cpus, int report) {
  if (const int error_number = join_groups(plan.join_fds, false); error_number != 0) {
    fail(report, ExecStage::set_up, error_number);
  }
  if (!plan.cpus.empty() && ::sched_setaffinity(0, sizeof cpus, &cpus) != 0) {
    fail(report, ExecStage::set_up, errno);
  }
}

[[noreturn]] void run_child(const SpawnPlan& plan, const cpu_set_t& cpus, char* const* argv,
                            char* const* envp, int report, pid_t parent) {
  reset_signals();
  ::setsid();
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail(report, ExecStage::set_up, errno);
  if (::getppid() != parent) ::_exit(127);  // we were orphaned before the line above
  take_place(plan, cpus, report);
  become_program(plan, argv, envp, report, restore_descriptor_limit);
}

}  // namespace

void reset_signals() {
  struct sigaction reset {};
  reset.sa_handler = SIG_DFL;
  for (int number = 1; number < 32; ++number)
    ::sigaction(number, &reset, nullptr);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void become_program(const SpawnPlan& plan, char* const* argv, char* const* envp, int report,
                    void (*last_step)()) {
  const int taken = plan.log_fd_number;
  const int lifted_report = lift(report, taken, report);
  const int out = lift(plan.stdout_fd, taken, lifted_report);
  const int err = lift(plan.stderr_fd, taken, lifted_report);
  const int log = lift(plan.log_fd, taken, lifted_report);
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null < 0 || ::dup2(null, 0) < 0 || ::dup2(out, 1) < 0 || ::dup2(err, 2) < 0) {
    fail(lifted_report, ExecStage::set_up, errno);
  }
  if (log >= 0 && ::dup2(log, plan.log_fd_number) < 0) {
    fail(lifted_report, ExecStage::set_up, errno);
  }
  // All others close at exec; before Linux 5.11 the flag is unknown and each is set by hand.
  const unsigned first = 3;
  if (::syscall(SYS_close_range, first, ~0u, CLOSE_RANGE_CLOEXEC) != 0) {
    for (int fd = 3; fd < 4096; ++fd)
      ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
  if (log >= 0) ::fcntl(plan.log_fd_number, F_SETFD, 0);

  if (::chdir(plan.working_directory.c_str()) != 0) {
    fail(lifted_report, ExecStage::working_directory, errno);
  }
  tell(lifted_report, ExecStage::about_to_exec, 0);
  // Not before: more than the child may have can be open up to here.
  last_step();
  ::execve(plan.executable.c_str(), argv, envp);
  fail(lifted_report, ExecStage::exec, errno);
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (const auto& text : texts)
    out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

Result<Spawned> spawn(const SpawnPlan& plan) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
    return host_error("cannot start a process: pipe: " + std::string(std::strerror(errno)));
  }
  UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  auto argv = pointers(plan.argv);
  auto envp = pointers(plan.environment);
  const pid_t parent = ::getpid();
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  for (const int cpu : plan.cpus) {
    if (cpu >= 0 && cpu < CPU_SETSIZE) CPU_SET(cpu, &cpus);
  }

  // No signal handler of ours may run in the child before it has reset them.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::fork();
  if (pid == 0) {
    run_child(plan, cpus, argv.data(), envp.data(), write_end.get(), parent);
  }
  const int fork_errno = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) {
    return host_error("cannot start a process: fork: " + std::string(std::strerror(fork_errno)));
  }

  Spawned child;
  child.pid = pid;
  child.exec_report = std::move(read_end);
  child.pidfd.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!child.pidfd) {
    const int error_number = errno;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return host_error("cannot watch a process: pidfd_open: " +
                      std::string(std::strerror(error_number)) + " (Linux 5.3 or newer is needed)");
  }
  ::fcntl(child.pidfd.get(), F_SETFD, FD_CLOEXEC);
  return child;
}

}  // namespace coldframe
