// The life of an invoke and the ways it ends: conformance cases 28, 29 and 31–35.
#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/conformance/texts.hpp"
#include "tests/support/child_fixture.hpp"
#include "tests/support/processes.hpp"
#include "tests/support/stub_fixture.hpp"

namespace coldframe::testing {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

std::string id_of(const HttpReply& answer) { return answer.header("x-amzn-RequestId"); }

void expect_unhandled(const HttpReply& answer) {
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("X-Amz-Function-Error"), "Unhandled");
}

using Case28 = StubFixture;
TEST_F(Case28, AnExitWithoutAnErrorDuringAnInvokeIsStillAnError) {
  start();
  auto caller = call("{}");
  auto runtime = next_runtime();
  runtime.next();
  clock.advance(12ms);
  launcher.latest().exit(0);
  const auto answer = caller.finish();
  expect_unhandled(answer);
  EXPECT_EQ(answer.body, exit_error(id_of(answer), "Runtime exited without providing a reason"));
  EXPECT_EQ(log.lines_starting("REPORT ").at(0),
            "REPORT RequestId: " + id_of(answer) +
                "\tDuration: 12.00 ms\tBilled Duration: 12 ms\tMemory Size: 128 MB\t"
                "Init Duration: 0.00 ms\tStatus: error\tError Type: Runtime.ExitError");
}

TEST_F(Case28, TheNextInvokeStartsAFreshProcess) {
  start();
  auto caller = call("1");
  next_runtime().next();
  launcher.latest().exit(0);
  caller.finish();
  auto next_caller = call("2");
  auto runtime = next_runtime();
  EXPECT_EQ(runtime.serve("\"ok\"").body(), "2");
  EXPECT_EQ(next_caller.finish().body, "\"ok\"");
  EXPECT_EQ(launcher.starts(), 2);
}

TEST_F(Case28, WhatTheProcessSentBeforeItDiedStillCounts) {
  start();
  auto caller = call("{}");
  auto runtime = next_runtime();
  const auto id = runtime.next().id;
  // The answer lies in the socket when the exit is seen.
  runtime.link().send(http_request("POST", response_path(id), "\"in time\""));
  launcher.latest().exit(0);
  const auto answer = caller.finish();
  EXPECT_EQ(answer.body, "\"in time\"");
  EXPECT_FALSE(answer.has("X-Amz-Function-Error"));
}

TEST_F(Case28, AnExitBetweenTwoInvokesIsAColdStartForTheNext) {
  auto runtime = (start(), warm_runtime());
  launcher.latest().exit(0);
  ASSERT_TRUE(until([&] { return states() == std::vector<std::string>{"ColdAgain"}; }));
  auto caller = call("{}");
  next_runtime().serve("\"fresh\"");
  EXPECT_EQ(caller.finish().body, "\"fresh\"");
}

class RealCase28 : public ChildFixture {};
TEST_F(RealCase28, TheExitOfARealProcessByCode) {
  play(k_obey);
  start();
  auto answer = obey("exit 0");
  expect_unhandled(answer);
  EXPECT_EQ(answer.body, exit_error(id_of(answer), "Runtime exited without providing a reason"));
  answer = obey("exit 9");
  EXPECT_EQ(answer.body, exit_error(id_of(answer), "Runtime exited with error: exit status 9"))
      << "9 as a code is not SIGKILL";
}

class Case29 : public ChildFixture {};
TEST_F(Case29, TheEndBySignalBearsTheSignalsName) {
  play(k_obey);
  start();
  auto answer = obey("signal KILL");
  expect_unhandled(answer);
  EXPECT_EQ(answer.body, exit_error(id_of(answer), "Runtime exited with error: signal: killed"));
  answer = obey("signal SEGV");
  expect_unhandled(answer);
  EXPECT_EQ(answer.body,
            exit_error(id_of(answer), "Runtime exited with error: signal: segmentation fault"));
}

using Case31 = StubFixture;
TEST_F(Case31, AfterItsTimeoutTheCallerGetsTheExactTextAtTheExactTime) {
  function.timeout_s = 1;
  start();
  auto caller = call("{}");
  auto runtime = next_runtime();
  runtime.next();
  clock.advance(999ms);
  turn();
  EXPECT_FALSE(caller.answered());
  clock.advance(1ms);
  const auto answer = caller.finish();
  expect_unhandled(answer);
  EXPECT_EQ(answer.body, timed_out(id_of(answer), "1.00"));
  EXPECT_TRUE(launcher.latest().killed());
  EXPECT_TRUE(runtime.link().ends()) << "its connection is closed";
}

TEST_F(Case31, ARuntimeThatAnsweredButNeverAsksAgainIsResetToo) {
  start();
  auto caller = call("{}");
  auto runtime = next_runtime();
  runtime.next();
  runtime.respond("\"quick\"");
  EXPECT_EQ(caller.finish().body, "\"quick\"");
  clock.advance(3s);
  ASSERT_TRUE(until([&] { return states() == std::vector<std::string>{"ColdAgain"}; }));
  EXPECT_TRUE(launcher.latest().killed());
  EXPECT_TRUE(log.lines_starting("REPORT ").at(0).ends_with("Status: timeout"));
  EXPECT_TRUE(caller.link().quiet());
}

class RealCase31 : public ChildFixture {};
TEST_F(RealCase31, ASleepingHandlerIsCutOffAfterASecondOfRealTime) {
  play(k_obey);
  function.timeout_s = 1;
  start();
  const auto before = std::chrono::steady_clock::now();
  const auto answer = obey("sleep 50s");
  const auto took = std::chrono::steady_clock::now() - before;
  expect_unhandled(answer);
  EXPECT_EQ(answer.body, timed_out(id_of(answer), "1.00"));
  EXPECT_GE(took, 1s);
  EXPECT_LT(took, 20s);
}

class Case32 : public ChildFixture {};
TEST_F(Case32, AfterATimeoutTheWholeGroupIsDeadAndTheNextInvokeRunsInANewProcess) {
  play(k_obey);
  function.timeout_s = 1;
  start();
  const auto first = json::parse(obey("fork-grandchild; respond-pid").body);
  const pid_t pid = first["pid"];
  const pid_t grandchild = first["grandchild"];
  ASSERT_TRUE(is_alive(pid));
  ASSERT_TRUE(is_alive(grandchild));
  const auto answer = obey("hang");
  EXPECT_EQ(answer.body, timed_out(id_of(answer), "1.00"));
  const auto second = json::parse(obey("respond-pid").body);
  EXPECT_NE(second["pid"], pid);
  EXPECT_EQ(second["count"], 1);
  // Before a new bootstrap starts, nobody of the old generation lives.
  EXPECT_FALSE(is_alive(pid));
  EXPECT_FALSE(is_alive(grandchild));
}

using Case33 = StubFixture;
TEST_F(Case33, TheCallerHasItsAnswerBeforeTheRuntimeAsksAgainAndTheNextInvokeWaitsForThat) {
  start();
  auto first = call("1");
  auto runtime = next_runtime();
  runtime.next();
  runtime.respond("\"one\"");
  EXPECT_EQ(first.finish().body, "\"one\"");
  auto second = call("2");
  for (int i = 0; i < 10; ++i)
    turn();
  EXPECT_FALSE(second.answered());
  EXPECT_EQ(launcher.starts(), 1);
  EXPECT_EQ(runtime.next().body(), "2");
  runtime.respond("\"two\"");
  EXPECT_EQ(second.finish().body, "\"two\"");
}

class Case34 : public ChildFixture {};
TEST_F(Case34, TwoWarmInvokesShareAProcessAndOnlyTheFirstReportsAnInit) {
  play(k_obey);
  start();
  const auto first = json::parse(obey("respond-pid").body);
  const auto second = json::parse(obey("respond-pid").body);
  EXPECT_EQ(first["pid"], second["pid"]);
  EXPECT_EQ(second["count"], 2);
  const auto reports = log.lines_starting("REPORT ");
  ASSERT_EQ(reports.size(), 2U);
  EXPECT_NE(reports[0].find("\tInit Duration: "), std::string::npos);
  EXPECT_EQ(reports[1].find("\tInit Duration: "), std::string::npos);
}

// A bootstrap in bash that would tell if it ever saw SIGTERM.
constexpr const char* k_term_witness = R"(#!/bin/bash
trap 'echo seen > term' TERM
exec 3<>"/dev/tcp/${AWS_LAMBDA_RUNTIME_API%:*}/${AWS_LAMBDA_RUNTIME_API#*:}"
printf 'GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n' >&3
echo ready > ready
while :; do sleep 0.01; done
)";

class Case35 : public ChildFixture {};
TEST_F(Case35, AtTheEndTheRuntimeIsKilledWithoutEverSeeingSigterm) {
  directory.write_executable("bootstrap", k_term_witness);
  options.provisioned = 1;
  start();
  ASSERT_TRUE(until([&] {
    return states() == std::vector<std::string>{"Idle"} && directory.read("ready") == "ready\n";
  }));
  const pid_t pid = json::parse(emulator().state_json())["functions"][0]["environments"][0]["pid"];
  ASSERT_TRUE(is_alive(pid));
  stop();
  EXPECT_FALSE(is_alive(pid));
  EXPECT_EQ(directory.read("term"), "");
}

TEST_F(Case35, TheWitnessOfThatTestDoesTellOfSigterm) {
  directory.write_executable("bootstrap", k_term_witness);
  options.provisioned = 1;
  start();
  ASSERT_TRUE(until([&] { return directory.read("ready") == "ready\n"; }));
  const pid_t pid = json::parse(emulator().state_json())["functions"][0]["environments"][0]["pid"];
  ::kill(pid, SIGTERM);
  EXPECT_TRUE(until([&] { return directory.read("term") == "seen\n"; }));
}

}  // namespace
}  // namespace coldframe::testing
