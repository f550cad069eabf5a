// The platform's log with LogFormat JSON: conformance case 65.
#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "tests/support/stub_fixture.hpp"

namespace coldframe::testing {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

class Case65 : public StubFixture {
 protected:
  Case65() {
    function.log_format = LogFormat::json;
    function.system_level = Level::debug;
  }
  // Each line of the log, parsed; fails where a line is none.
  std::vector<json> events() const {
    std::vector<json> out;
    for (const auto& line : log.lines()) {
      auto event = json::parse(line, nullptr, false);
      EXPECT_TRUE(event.is_object()) << line;
      out.push_back(std::move(event));
    }
    return out;
  }
  std::vector<std::string> types() const {
    std::vector<std::string> out;
    for (const auto& event : events())
      out.push_back(event.value("type", ""));
    return out;
  }
};
TEST_F(Case65, EveryPlatformLineIsAJsonEventAndNoneIsText) {
  launcher.measure_as(::getpid());
  start();
  auto caller = call("{}");
  auto runtime = next_runtime();
  clock.advance(100ms);
  const auto id = runtime.next().id;
  clock.advance(7ms);
  runtime.respond("{\"n\":1}");
  runtime.ask_next();
  caller.finish();
  ASSERT_TRUE(until([&] { return records.invocations.size() == 1; }));

  EXPECT_EQ(types(), (std::vector<std::string>{"platform.initStart", "platform.initRuntimeDone",
                                               "platform.initReport", "platform.start",
                                               "platform.runtimeDone", "platform.report"}));
  const std::regex time(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)");
  for (const auto& event : events()) {
    EXPECT_EQ(event.size(), 3U) << event;
    EXPECT_TRUE(std::regex_match(event["time"].get<std::string>(), time)) << event;
    EXPECT_TRUE(event["record"].is_object()) << event;
  }
  const auto init = events()[2]["record"];
  EXPECT_EQ(init["initializationType"], "on-demand");
  EXPECT_EQ(init["phase"], "init");
  EXPECT_EQ(init["status"], "success");
  EXPECT_EQ(init["metrics"]["durationMs"], 100.0);
  const auto begin = events()[3];
  EXPECT_EQ(begin["time"], "2026-11-24T05:53:14.223Z");
  EXPECT_EQ(begin["record"]["requestId"], id);
  EXPECT_EQ(begin["record"]["version"], "$LATEST");
  const auto report = events()[5]["record"];
  EXPECT_EQ(report["requestId"], id);
  EXPECT_EQ(report["status"], "success");
  EXPECT_EQ(report["metrics"]["durationMs"], 7.0);
  EXPECT_EQ(report["metrics"]["billedDurationMs"], 107);
  EXPECT_EQ(report["metrics"]["memorySizeMB"], 128);
  EXPECT_EQ(report["metrics"]["initDurationMs"], 100.0);
  EXPECT_GT(report["metrics"]["maxMemoryUsedMB"], 0);
}

TEST_F(Case65, ARepeatedInitHasItsEventsToo) {
  start();
  auto caller = call("{}");
  ASSERT_TRUE(until([&] { return launcher.starts() == 1; }));
  launcher.process(0).exit(1);
  ASSERT_TRUE(until([&] { return launcher.starts() == 2; }));
  runtime(1).next();
  std::vector<std::string> seen;
  for (const auto& event : events()) {
    seen.push_back(event["type"].get<std::string>() + " " + event["record"].value("phase", "-") +
                   " " + event["record"].value("status", "-"));
  }
  EXPECT_EQ(seen, (std::vector<std::string>{
                      "platform.initStart init -", "platform.initRuntimeDone init error",
                      "platform.initReport init error", "platform.initStart invoke -",
                      "platform.initRuntimeDone invoke success",
                      "platform.initReport invoke success", "platform.start - -"}));
  EXPECT_EQ(records.inits.size(), 1U) << "the second is part of its invoke";
}

TEST_F(Case65, TheReportOfAProvisionedInitAppearsAtTheDefaultLevel) {
  function.system_level = Level::info;
  options.provisioned = 1;
  start();
  next_runtime().ask_next();
  ASSERT_TRUE(until([&] { return states() == std::vector<std::string>{"Idle"}; }));
  EXPECT_EQ(types(), std::vector<std::string>{"platform.initReport"});
  EXPECT_EQ(events()[0]["record"]["initializationType"], "provisioned-concurrency");
}

// On demand a successful init has no line; one that was provisioned always has.
TEST_F(Case65, TheReportOfAProvisionedInitIsATextLineToo) {
  function.log_format = LogFormat::text;
  options.provisioned = 1;
  start();
  next_runtime().ask_next();
  ASSERT_TRUE(until([&] { return states() == std::vector<std::string>{"Idle"}; }));
  EXPECT_EQ(log.text(), "INIT_REPORT Init Duration: 0.00 ms\tPhase: init\tStatus: success\n");
}

TEST_F(Case65, ARepeatedInitThatWorksHasNoTextLineEvenIfTheFirstWasProvisioned) {
  function.log_format = LogFormat::text;
  options.provisioned = 1;
  start();
  auto runtime = next_runtime();
  runtime.ask_next();
  ASSERT_TRUE(until([&] { return states() == std::vector<std::string>{"Idle"}; }));
  auto first = call("{}");
  runtime.next();
  launcher.latest().exit(1);
  first.finish();
  ASSERT_TRUE(until([&] { return states() == std::vector<std::string>{"ColdAgain"}; }));
  auto second = call("{}");
  next_runtime().serve("1");
  EXPECT_EQ(second.finish().body, "1");
  EXPECT_EQ(log.lines_starting("INIT_REPORT ").size(), 1U) << log.text();
}

TEST_F(Case65, StartNamesTheTenant) {
  start();
  auto caller = call("{}", {{"X-Amz-Tenant-Id", "blue"}});
  next_runtime().serve("1");
  caller.finish();
  EXPECT_EQ(events()[3]["type"], "platform.start");
  EXPECT_EQ(events()[3]["record"]["tenantId"], "blue");
}

TEST_F(Case65, ALaunchErrorIsAnEventToo) {
  function.system_level = Level::warn;
  function.entry_point = {"/no/such/program"};
  start();
  auto caller = call("{}");
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(until([&] { return launcher.starts() == i + 1; }));
    launcher.latest().fail_launch(LaunchFailure::Stage::entry_point, "fork/exec: not there");
  }
  caller.finish();
  EXPECT_EQ(types(), (std::vector<std::string>{"platform.fault", "platform.initRuntimeDone",
                                               "platform.initReport", "platform.fault",
                                               "platform.initRuntimeDone", "platform.initReport",
                                               "platform.runtimeDone", "platform.report"}));
  EXPECT_EQ(events()[0]["record"]["errorType"], "Runtime.InvalidEntrypoint");
  EXPECT_EQ(events()[0]["record"]["errorMessage"], "Launch error: fork/exec: not there");
}

TEST_F(Case65, AtTheDefaultLevelASuccessLeavesStartAndReport) {
  function.system_level = Level::info;
  start();
  auto caller = call("{}");
  next_runtime().serve("1");
  caller.finish();
  ASSERT_TRUE(until([&] { return records.invocations.size() == 1; }));
  EXPECT_EQ(types(), (std::vector<std::string>{"platform.start", "platform.report"}));
}

TEST_F(Case65, AFailureIsLoggedAtWarnWithItsType) {
  function.system_level = Level::warn;
  start();
  auto caller = call("{}");
  ASSERT_TRUE(until([&] { return launcher.starts() == 1; }));
  launcher.process(0).exit(1);
  ASSERT_TRUE(until([&] { return launcher.starts() == 2; }));
  runtime(1).next();
  clock.advance(3s);
  caller.finish();
  EXPECT_EQ(types(), (std::vector<std::string>{"platform.initRuntimeDone", "platform.initReport",
                                               "platform.runtimeDone", "platform.report"}));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(events()[i]["record"]["status"], "error");
    EXPECT_EQ(events()[i]["record"]["errorType"], "Runtime.ExitError");
  }
  EXPECT_EQ(events()[3]["record"]["status"], "timeout");
  EXPECT_EQ(events()[3]["record"]["errorType"], "Sandbox.Timedout");
  EXPECT_EQ(events()[3]["record"]["metrics"]["durationMs"], 3000.0);
}

TEST_F(Case65, LinesOfTheFunctionBelowItsLevelAreDropped) {
  function.application_level = Level::error;
  function.system_level = Level::fatal;
  start();
  auto caller = call("{}");
  auto runtime = next_runtime();
  runtime.next();
  auto& process = launcher.latest();
  process.print(R"({"level":"info","message":"dropped"})");
  process.print(R"({"level":"error","message":"kept"})");
  process.print("plain text counts as INFO");
  process.log(LogLevel::warn, "a framed warning");
  process.log(LogLevel::fatal, "a framed end");
  EXPECT_EQ(log.lines(),
            (std::vector<std::string>{R"({"level":"error","message":"kept"})", "a framed end"}));
  runtime.respond("1");
  caller.finish();
}

}  // namespace
}  // namespace coldframe::testing
