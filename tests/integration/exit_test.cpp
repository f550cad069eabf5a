// How real processes end, as the caller is told: by code and by every signal that ends a process.
#include <gtest/gtest.h>

#include <set>

#include "tests/conformance/texts.hpp"
#include "tests/support/child_fixture.hpp"

namespace coldframe::testing {
namespace {

class Exit : public ChildFixture {
 protected:
  // The reason in the caller's body after these commands.
  std::string reason_of(const std::string& commands) {
    const auto answer = obey(commands);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.header("X-Amz-Function-Error"), "Unhandled");
    const std::string before = exit_error(answer.header("x-amzn-RequestId"), "");
    const auto head = before.substr(0, before.size() - 2);
    EXPECT_TRUE(answer.body.starts_with(head)) << answer.body;
    EXPECT_TRUE(answer.body.ends_with("\"}")) << answer.body;
    return answer.body.substr(head.size(), answer.body.size() - before.size());
  }
};

TEST_F(Exit, ByCodeNamesTheCode) {
  play(k_obey);
  start();
  EXPECT_EQ(reason_of("exit 0"), "Runtime exited without providing a reason");
  for (const int code : {1, 2, 9, 64, 127, 137, 255}) {
    EXPECT_EQ(reason_of("exit " + std::to_string(code)),
              "Runtime exited with error: exit status " + std::to_string(code));
  }
}

// Go's names (package syscall, Linux); AWS's texts come from a Go program.
TEST_F(Exit, BySignalHasTheNameThatGoGivesIt) {
  const std::pair<const char*, const char*> names[] = {
      {"HUP", "hangup"},
      {"INT", "interrupt"},
      {"QUIT", "quit"},
      {"ILL", "illegal instruction"},
      {"TRAP", "trace/breakpoint trap"},
      {"ABRT", "aborted"},
      {"BUS", "bus error"},
      {"FPE", "floating point exception"},
      {"KILL", "killed"},
      {"USR1", "user defined signal 1"},
      {"SEGV", "segmentation fault"},
      {"USR2", "user defined signal 2"},
      {"PIPE", "broken pipe"},
      {"ALRM", "alarm clock"},
      {"TERM", "terminated"},
      {"STKFLT", "stack fault"},
      {"XCPU", "CPU time limit exceeded"},
      {"XFSZ", "file size limit exceeded"},
      {"VTALRM", "virtual timer expired"},
      {"PROF", "profiling timer expired"},
      {"POLL", "I/O possible"},
      {"PWR", "power failure"},
      {"SYS", "bad system call"},
  };
  play(k_obey);
  start();
  for (const auto& [signal, name] : names) {
    EXPECT_EQ(reason_of(std::string("signal ") + signal),
              std::string("Runtime exited with error: signal: ") + name);
  }
}

TEST_F(Exit, AfterTheAnswerIsASuccessForTheCallerAndAnErrorInTheReport) {
  play(k_obey);
  start();
  const auto answer = obey("respond \"fine\"; exit 7");
  EXPECT_EQ(answer.body, "\"fine\"");
  EXPECT_FALSE(answer.has("X-Amz-Function-Error"));
  EXPECT_EQ(records.invocations.at(0).status, InvocationStatus::exit);
  EXPECT_TRUE(log.lines_starting("REPORT ").at(0).ends_with(
      "Status: error\tError Type: Runtime.ExitError"));
  EXPECT_EQ(obey("respond \"again\"").body, "\"again\"");
}

TEST_F(Exit, WhileIdleMakesTheNextInvokeStartAFreshProcess) {
  // The process ends between two invokes: after it has asked for the next event.
  play("next\nrespond 1\nopen-second-next\nexit 0\n");
  start();
  EXPECT_EQ(invoke("{}").body, "1");
  ASSERT_TRUE(until([&] { return states() == std::vector<std::string>{"ColdAgain"}; }));
  EXPECT_EQ(invoke("{}").body, "1");
  EXPECT_EQ(records.invocations.at(1).status, InvocationStatus::ok);
}

TEST_F(Exit, WithLastWordsOnStderrLogsThemBeforeTheReport) {
  play(k_obey);
  start();
  obey("print-err Traceback; print-partial no line end; exit 1");
  const auto lines = log.lines();
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_EQ(std::set<std::string>(lines.begin() + 1, lines.begin() + 3),
            (std::set<std::string>{"Traceback", "no line end"}));
  EXPECT_TRUE(lines[3].starts_with("END "));
  EXPECT_TRUE(lines[4].starts_with("REPORT "));
}

}  // namespace
}  // namespace coldframe::testing
