// Init and what goes wrong in it: conformance cases 26, 27, 30 and 37.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/conformance/texts.hpp"
#include "tests/support/child_fixture.hpp"
#include "tests/support/stub_fixture.hpp"

namespace coldframe::testing {
namespace {

using namespace std::chrono_literals;

std::string id_of(const HttpReply& answer) { return answer.header("x-amzn-RequestId"); }

// The platform's lines without their ids and figures, to compare their order.
std::vector<std::string> first_words(const std::vector<std::string>& lines) {
  std::vector<std::string> out;
  for (const auto& line : lines)
    out.push_back(line.substr(0, line.find(' ')));
  return out;
}

using Case26 = StubFixture;
TEST_F(Case26, ARuntimeThatExitsDuringInitIsStartedOnceMoreThenTheCallerIsTold) {
  start();
  auto caller = call("{}");
  ASSERT_EQ(until([&] { return launcher.starts() == 1; }), true);
  clock.advance(120ms);
  launcher.process(0).exit(1);
  ASSERT_TRUE(until([&] { return launcher.starts() == 2; }));
  EXPECT_FALSE(caller.answered());
  clock.advance(80ms);
  launcher.process(1).exit(1);
  const auto answer = caller.finish();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("X-Amz-Function-Error"), "Unhandled");
  EXPECT_EQ(answer.body, exit_error(id_of(answer), "Runtime exited with error: exit status 1"));
  EXPECT_EQ(launcher.starts(), 2);

  EXPECT_EQ(first_words(log.lines()),
            (std::vector<std::string>{"INIT_REPORT", "INIT_REPORT", "START", "END", "REPORT"}));
  EXPECT_EQ(log.lines()[0],
            "INIT_REPORT Init Duration: 120.00 ms\tPhase: init\tStatus: error\tError Type: "
            "Runtime.ExitError");
  EXPECT_EQ(log.lines()[1],
            "INIT_REPORT Init Duration: 80.00 ms\tPhase: invoke\tStatus: error\tError Type: "
            "Runtime.ExitError");
  EXPECT_EQ(log.lines()[4],
            "REPORT RequestId: " + id_of(answer) +
                "\tDuration: 80.00 ms\tBilled Duration: 80 ms\tMemory Size: 128 MB\t"
                "Status: error\tError Type: Runtime.ExitError");
}

TEST_F(Case26, AFailedInitThatWorksTheSecondTimeAnswersAsIfNothingHadBeen) {
  start();
  auto caller = call(R"({"try":2})");
  ASSERT_TRUE(until([&] { return launcher.starts() == 1; }));
  launcher.process(0).exit(1);
  ASSERT_TRUE(until([&] { return launcher.starts() == 2; }));
  auto second = runtime(1);
  clock.advance(700ms);
  EXPECT_EQ(second.next().body(), R"({"try":2})");
  clock.advance(50ms);
  second.respond("\"fine\"");
  const auto answer = caller.finish();
  EXPECT_EQ(answer.body, "\"fine\"");
  EXPECT_FALSE(answer.has("X-Amz-Function-Error"));
  second.ask_next();
  ASSERT_TRUE(until([&] { return log.count("REPORT ") == 1; }));
  // The repeated init is part of Duration; there is no Init Duration.
  EXPECT_EQ(log.lines_starting("REPORT ")[0],
            "REPORT RequestId: " + id_of(answer) +
                "\tDuration: 750.00 ms\tBilled Duration: 750 ms\tMemory Size: 128 MB\t");
}

TEST_F(Case26, TheDeadlineOfARepeatedInitCountsFromItsStart) {
  start();
  auto caller = call("{}");
  ASSERT_TRUE(until([&] { return launcher.starts() == 1; }));
  launcher.process(0).exit(1);
  ASSERT_TRUE(until([&] { return launcher.starts() == 2; }));
  const auto wanted = std::chrono::duration_cast<std::chrono::milliseconds>(
      clock.wall_now().time_since_epoch() + 3s);
  auto second = runtime(1);
  clock.advance(1s);
  EXPECT_EQ(second.next().header("Lambda-Runtime-Deadline-Ms"), std::to_string(wanted.count()));
  clock.advance(1999ms);
  turn();
  EXPECT_FALSE(caller.answered());
  clock.advance(1ms);
  EXPECT_EQ(caller.finish().body, timed_out(second.id(), "3.00"));
}

class RealCase26 : public ChildFixture {};
TEST_F(RealCase26, AnExitDuringInitWithRealProcesses) {
  play("starts-in starts\nexit 1\n");
  function.working_directory = directory.path();
  start();
  const auto answer = invoke("{}");
  EXPECT_EQ(answer.header("X-Amz-Function-Error"), "Unhandled");
  EXPECT_EQ(answer.body, exit_error(id_of(answer), "Runtime exited with error: exit status 1"));
  EXPECT_EQ(directory.read("starts"), "2");
}

using Case27 = StubFixture;
TEST_F(Case27, TheInitErrorBodyReachesTheCallerByteForByteWhenTheProcessExits) {
  const std::string body =
      R"({ "errorMessage": "No module named 'x'", "errorType":"Runtime.ImportModuleError", )"
      R"("requestId": "", "stackTrace": [] })";
  const HeaderList type{{"Lambda-Runtime-Function-Error-Type", "Runtime.ImportModuleError"}};
  start();
  auto caller = call("{}");
  EXPECT_EQ(next_runtime().init_error(body, type).status, 202);
  for (int i = 0; i < 5; ++i)
    turn();
  EXPECT_EQ(launcher.starts(), 1) << "the failure takes effect with the exit, not with the post";
  EXPECT_EQ(log.count("INIT_REPORT"), 0);
  launcher.process(0).exit(1);
  EXPECT_EQ(next_runtime().init_error(body, type).status, 202);
  EXPECT_FALSE(caller.answered());
  launcher.process(1).exit(1);
  const auto answer = caller.finish();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("X-Amz-Function-Error"), "Unhandled");
  EXPECT_EQ(answer.body, body);
  EXPECT_EQ(
      log.lines_starting("INIT_REPORT"),
      (std::vector<std::string>{"INIT_REPORT Init Duration: 0.00 ms\tPhase: init\tStatus: error"
                                "\tError Type: Runtime.ImportModuleError",
                                "INIT_REPORT Init Duration: 0.00 ms\tPhase: invoke\tStatus: "
                                "error\tError Type: Runtime.ImportModuleError"}));
  EXPECT_TRUE(log.lines_starting("REPORT ")[0].ends_with(
      "\tStatus: error\tError Type: Runtime.ImportModuleError"));
}

using Case30 = StubFixture;
TEST_F(Case30, AnInitOfTenSecondsIsKilledReportedAndRepeatedInsideTheInvoke) {
  start();
  auto caller = call("{}");
  ASSERT_TRUE(until([&] { return launcher.starts() == 1; }));
  clock.advance(9999ms);
  turn();
  EXPECT_TRUE(launcher.process(0).running());
  clock.advance(1ms);
  ASSERT_TRUE(until([&] { return launcher.starts() == 2; }));
  EXPECT_TRUE(launcher.process(0).killed());
  EXPECT_EQ(log.text(), "INIT_REPORT Init Duration: 10000.00 ms\tPhase: init\tStatus: timeout\n");
  EXPECT_FALSE(caller.answered());
  auto second = runtime(1);
  second.serve("\"at last\"");
  EXPECT_EQ(caller.finish().body, "\"at last\"");
}

TEST_F(Case30, TheRepeatedInitRunsUnderTheFunctionTimeout) {
  start();
  auto caller = call("{}");
  ASSERT_TRUE(until([&] { return launcher.starts() == 1; }));
  clock.advance(10s);
  ASSERT_TRUE(until([&] { return launcher.starts() == 2; }));
  clock.advance(2999ms);
  turn();
  EXPECT_FALSE(caller.answered());
  clock.advance(1ms);
  const auto answer = caller.finish();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("X-Amz-Function-Error"), "Unhandled");
  EXPECT_EQ(answer.body, timed_out(id_of(answer), "3.00"));
  EXPECT_TRUE(launcher.process(1).killed());
  EXPECT_EQ(log.lines_starting("INIT_REPORT").at(1),
            "INIT_REPORT Init Duration: 3000.00 ms\tPhase: invoke\tStatus: timeout");
  EXPECT_EQ(log.lines_starting("REPORT ").at(0),
            "REPORT RequestId: " + id_of(answer) +
                "\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\t"
                "Status: timeout");
}

TEST_F(Case30, TheLimitIsAnOption) {
  function.init_limit = 250ms;
  start();
  auto caller = call("{}");
  ASSERT_TRUE(until([&] { return launcher.starts() == 1; }));
  clock.advance(250ms);
  ASSERT_TRUE(until([&] { return launcher.starts() == 2; }));
  EXPECT_EQ(log.text(), "INIT_REPORT Init Duration: 250.00 ms\tPhase: init\tStatus: timeout\n");
}

class Case37 : public ChildFixture {};
TEST_F(Case37, WithoutABootstrapTheTwoPathsAreNamed) {
  if (std::filesystem::exists("/opt/bootstrap")) GTEST_SKIP() << "this host has /opt/bootstrap";
  start();
  const auto answer = invoke("{}");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("X-Amz-Function-Error"), "Unhandled");
  EXPECT_EQ(
      answer.body,
      platform_error("Runtime.InvalidEntrypoint", id_of(answer),
                     "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"));
}

TEST_F(Case37, ABootstrapThatMayNotBeExecutedIsNamed) {
  const auto bootstrap = directory.write("bootstrap", "#!/bin/sh\nexit 0\n");
  start();
  const auto answer = invoke("{}");
  EXPECT_EQ(answer.body, platform_error("Runtime.InvalidEntrypoint", id_of(answer),
                                        "fork/exec " + bootstrap + ": permission denied"));
}

TEST_F(Case37, AnEntryPointThatIsNotThereIsNamedInTheBodyAndInTheLog) {
  function.entry_point = {"/no/such/program", "-x"};
  function.command = {"app.handler"};
  start();
  const auto answer = invoke("{}");
  const std::string why = "fork/exec /no/such/program: no such file or directory";
  EXPECT_EQ(answer.body, platform_error("Runtime.InvalidEntrypoint", id_of(answer), why));
  EXPECT_TRUE(
      log.contains("IMAGE\tLaunch error: " + why +
                   "\tEntrypoint: [/no/such/program -x]\tCmd: [app.handler]\tWorkingDir: [" +
                   directory.path() + "]\n"));
}

TEST_F(Case37, AWorkingDirectoryThatIsNotThereHasATypeOfItsOwn) {
  function.entry_point = {"/bin/true"};
  function.working_directory = "/no/such/directory";
  start();
  const auto answer = invoke("{}");
  EXPECT_EQ(answer.body, platform_error("Runtime.InvalidWorkingDir", id_of(answer),
                                        "chdir /no/such/directory: no such file or directory"));
}

// §10.1: execvp would run such a file with /bin/sh and hide the mistake.
class NotAProgram : public ChildFixture {};
TEST_F(NotAProgram, IsAnExecFormatErrorAndNoShellRunsIt) {
  const auto bootstrap =
      directory.write_executable("bootstrap", "touch " + directory.path() + "/ran" + "\n");
  start();
  const auto answer = invoke("{}");
  EXPECT_EQ(answer.body, platform_error("Runtime.InvalidEntrypoint", id_of(answer),
                                        "fork/exec " + bootstrap + ": exec format error"));
  EXPECT_FALSE(std::filesystem::exists(directory.path() + "/ran"));
}

}  // namespace
}  // namespace coldframe::testing
