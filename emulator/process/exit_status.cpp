#include "emulator/process/exit_status.hpp"

#include <sys/wait.h>

#include <csignal>

namespace coldframe {

ExitStatus ExitStatus::from_wait(int native) {
  if (WIFSIGNALED(native)) return signaled(WTERMSIG(native));
  return exited(WEXITSTATUS(native));
}

std::string signal_name(int number) {
  switch (number) {
    case SIGHUP:
      return "hangup";
    case SIGINT:
      return "interrupt";
    case SIGQUIT:
      return "quit";
    case SIGILL:
      return "illegal instruction";
    case SIGTRAP:
      return "trace/breakpoint trap";
    case SIGABRT:
      return "aborted";
    case SIGBUS:
      return "bus error";
    case SIGFPE:
      return "floating point exception";
    case SIGKILL:
      return "killed";
    case SIGUSR1:
      return "user defined signal 1";
    case SIGSEGV:
      return "segmentation fault";
    case SIGUSR2:
      return "user defined signal 2";
    case SIGPIPE:
      return "broken pipe";
    case SIGALRM:
      return "alarm clock";
    case SIGTERM:
      return "terminated";
    case SIGSTKFLT:
      return "stack fault";
    case SIGXCPU:
      return "CPU time limit exceeded";
    case SIGXFSZ:
      return "file size limit exceeded";
    case SIGVTALRM:
      return "virtual timer expired";
    case SIGPROF:
      return "profiling timer expired";
    case SIGIO:
      return "I/O possible";
    case SIGPWR:
      return "power failure";
    case SIGSYS:
      return "bad system call";
    default:
      return "signal " + std::to_string(number);
  }
}

std::string exit_reason(const ExitStatus& status) {
  if (status.how == ExitStatus::How::signaled) {
    return "Runtime exited with error: signal: " + signal_name(status.value);
  }
  if (status.value == 0) return "Runtime exited without providing a reason";
  return "Runtime exited with error: exit status " + std::to_string(status.value);
}

}  // namespace coldframe
