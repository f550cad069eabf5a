// Extensions: conformance cases 36, 41, 67 and 68, and what belongs to them.
#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/conformance/texts.hpp"
#include "tests/support/extension_fixture.hpp"

namespace coldframe::testing {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

const std::vector<int> k_term{SIGTERM};
const std::vector<int> k_term_and_kill{SIGTERM, SIGKILL};
const std::vector<int> k_kill{SIGKILL};

std::string id_of(const HttpReply& answer) { return answer.header("x-amzn-RequestId"); }

class Case36 : public ExtensionFixture {
 protected:
  // An environment that is idle, with an internal extension in its runtime.
  void warm_up_with_an_internal_one() {
    start();
    auto caller = call("{}");
    auto& process = next_process();
    StubRuntime runtime(*this, process.port());
    StubExtension inside(*this, process.port());
    ASSERT_EQ(inside.enroll("inside", k_wants_nothing).status, 200);
    inside.ask_next();
    runtime.serve("\"ok\"");
    EXPECT_EQ(caller.finish().body, "\"ok\"");
    ASSERT_TRUE(until([&] { return states() == std::vector<std::string>{"Idle"}; }));
  }
  // The end of the environment is on its way, and time stands still.
  void end_environment() {
    auto renewed = function;
    renewed.timeout_s = 7;
    emulator().renew(renewed);
    turns();
  }
};

TEST_F(Case36, WithAnInternalExtensionTheRuntimeSeesSigtermAndIsKilledHalfASecondLater) {
  warm_up_with_an_internal_one();
  launcher.process(0).outlive_sigterm();
  end_environment();
  EXPECT_EQ(launcher.process(0).signals(), k_term);
  clock.advance(499ms);
  turns();
  EXPECT_TRUE(launcher.process(0).running());
  clock.advance(1ms);
  turns();
  EXPECT_EQ(launcher.process(0).signals(), k_term_and_kill);
  EXPECT_FALSE(launcher.process(0).running());
}

TEST_F(Case36, WhoEndsBySigtermIsNotWaitedFor) {
  warm_up_with_an_internal_one();
  end_environment();
  ASSERT_TRUE(until([&] { return launcher.running() == 0; }));
  EXPECT_EQ(launcher.process(0).signals(), k_term);
}

class Case41 : public ExtensionFixture {};
TEST_F(Case41, AnExtensionSeesNothingThatIsTheRuntimesOwn) {
  add_extension("agent");
  function.variables = {{"OWN", "yes"}};
  function.handler = "app.handler";
  start();
  auto caller = call("{}");
  const auto& process = next_process();
  EXPECT_EQ(process.spec().executable, directory.path() + "/opt/extensions/agent");
  EXPECT_EQ(process.spec().argv, std::vector<std::string>{process.spec().executable});
  for (const char* name :
       {"_HANDLER", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR", "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_XRAY_CONTEXT_MISSING",
        "AWS_XRAY_DAEMON_ADDRESS", "_AWS_XRAY_DAEMON_ADDRESS", "_AWS_XRAY_DAEMON_PORT",
        "_LAMBDA_TELEMETRY_LOG_FD"}) {
    EXPECT_FALSE(process.variable(name)) << name;
  }
  EXPECT_EQ(process.variable("OWN"), "yes");
  EXPECT_EQ(process.variable("AWS_LAMBDA_FUNCTION_NAME"), "f");
  EXPECT_EQ(process.variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), "128");
  EXPECT_TRUE(process.variable("AWS_LAMBDA_RUNTIME_API"));
  EXPECT_TRUE(process.variable("AWS_ACCESS_KEY_ID"));
}

class Case67 : public ExtensionFixture {
 protected:
  Case67() { add_extension("agent"); }
};

TEST_F(Case67, AnExternalExtensionRegistersFirstAndGetsInvokeAndShutdown) {
  start();
  auto caller = call(R"({"n":1})");
  auto agent = next_extension();
  turns();
  EXPECT_EQ(launcher.starts(), 1) << "the runtime waits for its registration";
  const auto registered = agent.enroll("agent", k_wants_both);
  EXPECT_EQ(registered.status, 200);
  EXPECT_EQ(registered.body,
            "{\"functionName\":\"f\",\"functionVersion\":\"$LATEST\",\"handler\":\"\"}\n");
  auto runtime = next_runtime();
  runtime.ask_next();
  turns();
  EXPECT_EQ(states(), std::vector<std::string>{"Init"}) << "init waits for it, too";
  agent.ask_next();
  const auto event = runtime.next();
  const auto told = agent.read_reply();
  EXPECT_EQ(told.header("Lambda-Extension-Event-Identifier").size(), 36U);
  EXPECT_EQ(
      json::parse(told.body),
      json({{"eventType", "INVOKE"},
            {"deadlineMs", std::stoll(event.header("Lambda-Runtime-Deadline-Ms"))},
            {"requestId", event.id},
            {"invokedFunctionArn", event.header("Lambda-Runtime-Invoked-Function-Arn")},
            {"tracing",
             {{"type", "X-Amzn-Trace-Id"}, {"value", event.header("Lambda-Runtime-Trace-Id")}}}}));
  runtime.respond("\"ok\"");
  EXPECT_EQ(caller.finish().body, "\"ok\"") << "the caller does not wait for it";
  runtime.ask_next();
  clock.advance(70ms);
  turns();
  EXPECT_EQ(states(), std::vector<std::string>{"Draining"}) << "but the next invoke does";
  EXPECT_EQ(log.count("REPORT "), 0);
  agent.ask_next();
  ASSERT_TRUE(until([&] { return states() == std::vector<std::string>{"Idle"}; }));
  EXPECT_NE(
      log.lines_starting("REPORT ").at(0).find("\tDuration: 70.00 ms\tBilled Duration: 70 ms"),
      std::string::npos)
      << "its time is the invoke's: " << log.text();
  EXPECT_EQ(log.lines_starting("EXTENSION").at(0),
            "EXTENSION\tName: agent\tState: Ready\tEvents: [INVOKE,SHUTDOWN]");

  const auto deadline = std::chrono::duration_cast<std::chrono::milliseconds>(
                            (clock.wall_now() + 2s).time_since_epoch())
                            .count();
  auto renewed = function;
  renewed.timeout_s = 7;
  emulator().renew(renewed);
  EXPECT_EQ(
      agent.read_event(),
      json({{"eventType", "SHUTDOWN"}, {"shutdownReason", "spindown"}, {"deadlineMs", deadline}}));
  EXPECT_EQ(launcher.process(1).signals(), k_term) << "the runtime goes first";
  EXPECT_TRUE(launcher.process(0).signals().empty());
  launcher.process(0).exit(0);
  EXPECT_TRUE(until([&] { return launcher.running() == 0; }));
}

TEST_F(Case67, TheRuntimeStartsOnceWhoeverElseRegisters) {
  add_extension("zebra");
  start();
  auto caller = call("{}");
  auto agent = next_extension();
  auto zebra = next_extension();
  agent.enroll("agent", k_wants_nothing);
  StubExtension another(*this, launcher.process(0).port());
  EXPECT_EQ(another.enroll("inside", k_wants_nothing).status, 200);
  turns();
  EXPECT_EQ(launcher.starts(), 2);
  zebra.enroll("zebra", k_wants_nothing);
  auto runtime = next_runtime();
  EXPECT_EQ(StubExtension(*this, launcher.process(0).port()).enroll("more", k_wants_nothing).status,
            200);
  turns();
  EXPECT_EQ(launcher.starts(), 3);
}

TEST_F(Case67, TheRuntimeHas300MillisecondsAndAllOfThemTwoSeconds) {
  start();
  auto caller = call("{}");
  auto agent = next_extension();
  agent.enroll("agent", k_wants_both);
  auto runtime = next_runtime();
  agent.ask_next();
  runtime.serve("1");
  caller.finish();
  agent.read_event();
  agent.ask_next();
  ASSERT_TRUE(until([&] { return states() == std::vector<std::string>{"Idle"}; }));
  launcher.process(1).outlive_sigterm();
  auto renewed = function;
  renewed.timeout_s = 7;
  emulator().renew(renewed);
  turns();
  clock.advance(299ms);
  turns();
  EXPECT_EQ(launcher.process(1).signals(), k_term);
  EXPECT_TRUE(agent.link().quiet());
  clock.advance(1ms);
  EXPECT_EQ(agent.read_event()["eventType"], "SHUTDOWN");
  EXPECT_EQ(launcher.process(1).signals(), k_term_and_kill);
  clock.advance(1699ms);
  turns();
  EXPECT_TRUE(launcher.process(0).running());
  clock.advance(1ms);
  ASSERT_TRUE(until([&] { return launcher.running() == 0; }));
  EXPECT_TRUE(launcher.process(0).killed());
}

TEST_F(Case67, WhoDoesNotWantShutdownIsKilledAtOnce) {
  start();
  auto caller = call("{}");
  auto agent = next_extension();
  agent.enroll("agent", k_wants_invoke);
  auto runtime = next_runtime();
  agent.ask_next();
  runtime.serve("1");
  caller.finish();
  agent.read_event();
  agent.ask_next();
  ASSERT_TRUE(until([&] { return states() == std::vector<std::string>{"Idle"}; }));
  auto renewed = function;
  renewed.timeout_s = 7;
  emulator().renew(renewed);
  ASSERT_TRUE(until([&] { return launcher.running() == 0; }));
  EXPECT_EQ(launcher.process(1).signals(), k_term);
  EXPECT_EQ(launcher.process(0).signals(), k_kill);
}

TEST_F(Case67, AHungExtensionEndsWithTheFunctionTimeoutAndIsToldSo) {
  start();
  auto caller = call("{}");
  auto agent = next_extension();
  agent.enroll("agent", k_wants_both);
  auto runtime = next_runtime();
  agent.ask_next();
  runtime.next();
  agent.read_event();
  runtime.respond("\"ok\"");
  runtime.ask_next();
  EXPECT_EQ(caller.finish().body, "\"ok\"");
  clock.advance(2999ms);
  turns();
  EXPECT_EQ(states(), std::vector<std::string>{"Draining"});
  clock.advance(1ms);
  turns();
  EXPECT_TRUE(log.lines_starting("REPORT ").at(0).ends_with("Status: timeout"));
  EXPECT_EQ(states(), std::vector<std::string>{"Reset"});
  ASSERT_TRUE(until([&] { return !launcher.process(1).running(); }));
  agent.ask_next();
  const auto event = agent.read_event();
  EXPECT_EQ(event["eventType"], "SHUTDOWN");
  EXPECT_EQ(event["shutdownReason"], "timeout");
  clock.advance(2s);
  EXPECT_TRUE(until([&] { return states() == std::vector<std::string>{"ColdAgain"}; }));
}

TEST_F(Case67, AnInitThatAnExtensionHoldsUpIsEndedAfterTenSecondsAndRepeated) {
  start();
  auto caller = call("{}");
  auto agent = next_extension();
  clock.advance(10s);
  turns();
  EXPECT_EQ(log.lines_starting("INIT_REPORT"),
            std::vector<std::string>{
                "INIT_REPORT Init Duration: 10000.00 ms\tPhase: init\tStatus: timeout"});
  EXPECT_EQ(log.lines_starting("EXTENSION"),
            std::vector<std::string>{"EXTENSION\tName: agent\tState: Started\tEvents: []"});
  EXPECT_EQ(launcher.process(0).signals(), k_kill) << "it has subscribed to nothing";
  auto again = next_extension();
  again.enroll("agent", k_wants_nothing);
  auto runtime = next_runtime();
  again.ask_next();
  runtime.serve("\"at last\"");
  EXPECT_EQ(caller.finish().body, "\"at last\"");
}

TEST_F(Case67, TheRepetitionIsHeldToTheFunctionTimeout) {
  start();
  auto caller = call("{}");
  next_extension();
  clock.advance(10s);
  auto again = next_extension();
  again.enroll("agent", k_wants_nothing);
  next_runtime().ask_next();
  turns();
  clock.advance(3s);
  const auto answer = caller.finish();
  EXPECT_EQ(answer.body, timed_out(id_of(answer), "3.00"));
}

TEST_F(Case67, ACrashFailsTheInvokeWithItsType) {
  start();
  auto caller = call("{}");
  auto agent = next_extension();
  agent.enroll("agent", k_wants_both);
  auto runtime = next_runtime();
  agent.ask_next();
  runtime.next();
  launcher.process(0).exit(3);
  const auto answer = caller.finish();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("X-Amz-Function-Error"), "Unhandled");
  EXPECT_EQ(answer.body, platform_error("Extension.Crash", id_of(answer), "exit status 3"));
  EXPECT_TRUE(
      log.lines_starting("REPORT ").at(0).ends_with("Status: error\tError Type: Extension.Crash"));
  ASSERT_TRUE(until([&] { return states() == std::vector<std::string>{"ColdAgain"}; }));
  EXPECT_EQ(launcher.process(1).signals(), k_term);
}

TEST_F(Case67, ACrashInTheInitFailsTheInit) {
  start();
  auto caller = call("{}");
  next_process().signal(SIGSEGV);
  next_process().exit(0);
  const auto answer = caller.finish();
  EXPECT_EQ(answer.body, platform_error("Extension.Crash", id_of(answer), "exit code 0"));
  EXPECT_EQ(log.lines_starting("INIT_REPORT"),
            (std::vector<std::string>{"INIT_REPORT Init Duration: 0.00 ms\tPhase: init\tStatus: "
                                      "error\tError Type: Extension.Crash",
                                      "INIT_REPORT Init Duration: 0.00 ms\tPhase: invoke\tStatus: "
                                      "error\tError Type: Extension.Crash"}));
}

TEST_F(Case67, AnErrorThatItReportsOfItsInitFailsTheInit) {
  start();
  auto caller = call("{}");
  for (int attempt = 0; attempt < 2; ++attempt) {
    auto agent = next_extension();
    agent.enroll("agent", k_wants_both);
    next_runtime();
    EXPECT_EQ(agent.report("init", "Agent.NoConfig").body, k_accepted);
    ASSERT_TRUE(until([&] { return log.count("INIT_REPORT") == attempt + 1; }));
    launcher.process(2 * attempt).exit(1);
  }
  const auto answer = caller.finish();
  EXPECT_EQ(answer.body, platform_error("Extension.InitError", id_of(answer), "Agent.NoConfig"));
  EXPECT_EQ(log.lines_starting("EXTENSION").at(0),
            "EXTENSION\tName: agent\tState: InitError\tEvents: [INVOKE,SHUTDOWN]\tError Type: "
            "Agent.NoConfig");
}

TEST_F(Case67, AnErrorThatItReportsOfItsEndFailsTheInvoke) {
  start();
  auto caller = call("{}");
  auto agent = next_extension();
  agent.enroll("agent", k_wants_both);
  auto runtime = next_runtime();
  agent.ask_next();
  runtime.next();
  agent.read_event();
  EXPECT_EQ(agent.report("exit", "Agent.Lost").status, 202);
  const auto answer = caller.finish();
  EXPECT_EQ(answer.body, platform_error("Extension.ExitError", id_of(answer), "Agent.Lost"));
}

TEST_F(Case67, AFileThatCannotBeExecutedFailsTheInit) {
  start();
  auto caller = call("{}");
  for (int i = 0; i < 2; ++i)
    next_process().fail_launch(LaunchFailure::Stage::entry_point, "fork/exec agent: no");
  const auto answer = caller.finish();
  EXPECT_EQ(answer.body,
            platform_error("Extension.LaunchError", id_of(answer), "fork/exec agent: no"));
}

TEST_F(Case67, AnEndBetweenInvokesIsSeenAtOnceAndTheNextInvokeStartsAfresh) {
  start();
  auto caller = call("{}");
  auto agent = next_extension();
  agent.enroll("agent", k_wants_nothing);
  auto runtime = next_runtime();
  agent.ask_next();
  runtime.serve("1");
  caller.finish();
  ASSERT_TRUE(until([&] { return states() == std::vector<std::string>{"Idle"}; }));
  launcher.process(0).exit(0);
  ASSERT_TRUE(until([&] { return states() == std::vector<std::string>{"ColdAgain"}; }));
  EXPECT_EQ(launcher.running(), 0);
}

TEST_F(Case67, AnEventWhosePollHasGoneWaitsForTheNext) {
  start();
  auto caller = call("{}");
  auto agent = next_extension();
  agent.enroll("agent", k_wants_invoke);
  auto runtime = next_runtime();
  agent.ask_next();
  turns();
  agent.link().abort();
  turns();
  runtime.next();
  StubExtension again(*this, launcher.process(0).port());
  again.identifier = agent.identifier;
  again.ask_next();
  EXPECT_EQ(again.read_event()["eventType"], "INVOKE");
  runtime.respond("1");
  caller.finish();
  runtime.ask_next();
  turns();
  EXPECT_EQ(states(), std::vector<std::string>{"Draining"});
}

TEST_F(Case67, WhereTheyAreDisabledNoneIsStartedAndTheRoutesAreUnknown) {
  directory.write("opt/disable-extensions-jwigqn8j", "");
  start();
  auto caller = call("{}");
  auto& process = next_process();
  EXPECT_EQ(process.spec().executable, "/bin/sh");
  StubExtension agent(*this, process.port());
  EXPECT_EQ(agent.enroll("agent", k_wants_invoke).status, 404);
}

class Case68 : public ExtensionFixture {
 protected:
  StubRuntime start_runtime() {
    start();
    caller_.emplace(call("{}"));
    return next_runtime();
  }
  StubExtension extension() { return {*this, launcher.latest().port()}; }
  static std::string refused(const char* type, const char* message) {
    return refusal(message, type);
  }

 private:
  std::optional<InvokeClient> caller_;
};

TEST_F(Case68, TheEleventhIsRefused) {
  start_runtime();
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(extension().enroll("inside" + std::to_string(i), k_wants_nothing).status, 200);
  }
  const auto reply = extension().enroll("one more", k_wants_nothing);
  EXPECT_EQ(reply.status, 403);
  EXPECT_EQ(reply.body, refused("Extension.TooManyExtensions", "Extension limit (10) reached"));
}

TEST_F(Case68, AfterTheFirstNextOfTheRuntimeRegistrationIsClosed) {
  auto runtime = start_runtime();
  auto first = extension();
  EXPECT_EQ(first.enroll("inside", k_wants_nothing).status, 200);
  runtime.ask_next();
  turns();
  const auto reply = extension().enroll("late", k_wants_nothing);
  EXPECT_EQ(reply.status, 403);
  EXPECT_EQ(reply.body,
            refused("Extension.RegistrationClosed", "Extension registration closed already"));
  first.ask_next();
  EXPECT_EQ(runtime.next().reply.status, 200);
}

TEST_F(Case68, WithoutAnyInternalOneItIsClosedToo) {
  auto runtime = start_runtime();
  runtime.next();
  EXPECT_EQ(extension().enroll("late", k_wants_nothing).body,
            refused("Extension.RegistrationClosed", "Extension registration closed already"));
}

TEST_F(Case68, AMissingIdentifierIsRefused) {
  start_runtime();
  for (int route = 0; route < 3; ++route) {
    auto nobody = extension();
    const auto reply = route == 0   ? nobody.report("init", "X")
                       : route == 1 ? nobody.report("exit", "X")
                                    : (nobody.ask_next(), nobody.read_reply());
    EXPECT_EQ(reply.status, 403);
    EXPECT_EQ(reply.body, refused("Extension.MissingExtensionIdentifier",
                                  "Missing Lambda-Extension-Identifier header"));
  }
}

TEST_F(Case68, TheAccountIsToldToWhoeverAsks) {
  function.handler = "app.handler";
  start_runtime();
  const auto reply = extension().enroll("inside", k_wants_invoke,
                                        {{"Lambda-Extension-Accept-Feature", "other, accountId"}});
  EXPECT_EQ(reply.body,
            "{\"functionName\":\"f\",\"functionVersion\":\"$LATEST\",\"handler\":\"app.handler\","
            "\"accountId\":\"123456789012\"}\n");
}

TEST_F(Case68, ElevenFilesAreTooManyAndNoneIsStarted) {
  for (int i = 0; i < 11; ++i)
    add_extension("agent" + std::to_string(i));
  start();
  const auto answer = call("{}").finish();
  EXPECT_EQ(answer.body,
            platform_error("Extension.LaunchError", id_of(answer), "Extension limit (10) reached"));
  EXPECT_EQ(launcher.starts(), 0);
}

}  // namespace
}  // namespace coldframe::testing
