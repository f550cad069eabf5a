#include "emulator/process/exit_status.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace coldframe {
namespace {

// What waitpid(2) says of a child that does this.
template <typename Deed>
int native_status_of(Deed deed) {
  const pid_t child = ::fork();
  if (child == 0) {
    deed();
    ::_exit(99);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status;
}

TEST(ExitStatus, TellsExitNineFromSigkill) {
  const int exited = native_status_of([] { ::_exit(9); });
  const int killed = native_status_of([] { ::raise(SIGKILL); });
  EXPECT_EQ(ExitStatus::from_wait(exited), ExitStatus::exited(9));
  EXPECT_EQ(ExitStatus::from_wait(killed), ExitStatus::signaled(SIGKILL));
  EXPECT_NE(ExitStatus::from_wait(exited), ExitStatus::from_wait(killed));
}

TEST(ExitStatus, KnowsCodesAndSignalsOfRealChildren) {
  for (int code : {0, 1, 127, 255}) {
    EXPECT_EQ(ExitStatus::from_wait(native_status_of([code] { ::_exit(code); })),
              ExitStatus::exited(code));
  }
  for (int number : {SIGTERM, SIGUSR1, SIGPIPE, SIGHUP}) {
    EXPECT_EQ(ExitStatus::from_wait(native_status_of([number] {
                ::signal(number, SIG_DFL);
                ::raise(number);
              })),
              ExitStatus::signaled(number));
  }
}

TEST(SignalName, IsTheLowerCaseNameThatGoGives) {
  const std::pair<int, const char*> names[] = {{SIGHUP, "hangup"},
                                               {SIGINT, "interrupt"},
                                               {SIGQUIT, "quit"},
                                               {SIGILL, "illegal instruction"},
                                               {SIGTRAP, "trace/breakpoint trap"},
                                               {SIGABRT, "aborted"},
                                               {SIGBUS, "bus error"},
                                               {SIGFPE, "floating point exception"},
                                               {SIGKILL, "killed"},
                                               {SIGUSR1, "user defined signal 1"},
                                               {SIGSEGV, "segmentation fault"},
                                               {SIGUSR2, "user defined signal 2"},
                                               {SIGPIPE, "broken pipe"},
                                               {SIGALRM, "alarm clock"},
                                               {SIGTERM, "terminated"},
                                               {SIGSYS, "bad system call"},
                                               {SIGXCPU, "CPU time limit exceeded"},
                                               {SIGXFSZ, "file size limit exceeded"},
                                               {40, "signal 40"}};
  for (auto& [number, name] : names)
    EXPECT_EQ(signal_name(number), name);
}

TEST(ExitReason, HasTheThreeFormsOfTheRealService) {
  EXPECT_EQ(exit_reason(ExitStatus::exited(0)), "Runtime exited without providing a reason");
  EXPECT_EQ(exit_reason(ExitStatus::exited(1)), "Runtime exited with error: exit status 1");
  EXPECT_EQ(exit_reason(ExitStatus::exited(137)), "Runtime exited with error: exit status 137");
  EXPECT_EQ(exit_reason(ExitStatus::signaled(SIGKILL)),
            "Runtime exited with error: signal: killed");
  EXPECT_EQ(exit_reason(ExitStatus::signaled(SIGSEGV)),
            "Runtime exited with error: signal: segmentation fault");
}

}  // namespace
}  // namespace coldframe
