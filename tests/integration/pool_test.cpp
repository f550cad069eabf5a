// Which environment serves whom, when another is started, and when an idle one is given up.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/stub_fixture.hpp"

namespace coldframe::testing {
namespace {

using namespace std::chrono_literals;

class Pool : public StubFixture {
 protected:
  // That many warm environments; the last one served most recently.
  std::vector<StubRuntime> warm(int count) {
    std::vector<InvokeClient> callers;
    std::vector<StubRuntime> runtimes;
    for (int i = 0; i < count; ++i) {
      callers.push_back(call("{}"));
      runtimes.push_back(next_runtime());
    }
    for (int i = 0; i < count; ++i) {
      runtimes[static_cast<std::size_t>(i)].serve("{}");
      callers[static_cast<std::size_t>(i)].finish();
      wait_for(
          *this, [&] { return static_cast<int>(records.invocations.size()) > i; }, "a record");
    }
    return runtimes;
  }
  int environments() const { return static_cast<int>(states().size()); }
  int queued_events() {
    return nlohmann::json::parse(emulator().state_json())["functions"][0]["queued_events"];
  }
};

TEST_F(Pool, TheMostRecentlyUsedEnvironmentIsReusedFirst) {
  start();
  auto runtimes = warm(3);
  auto first = call("1");
  EXPECT_EQ(runtimes[2].next().body(), "1");
  auto second = call("2");
  EXPECT_EQ(runtimes[1].next().body(), "2");
  auto third = call("3");
  EXPECT_EQ(runtimes[0].next().body(), "3");
  // The one that comes back last is taken first again.
  for (std::size_t i : {1U, 2U, 0U}) {
    runtimes[i].respond("1");
    const auto before = records.invocations.size();
    runtimes[i].ask_next();
    ASSERT_TRUE(until([&] { return records.invocations.size() > before; }));
  }
  auto fourth = call("4");
  EXPECT_EQ(runtimes[0].next().body(), "4");
  EXPECT_EQ(launcher.starts(), 3);
}

TEST_F(Pool, ACallerMeetsADrainingEnvironmentAndWaits25MillisecondsForIt) {
  start();
  auto first = call("1");
  auto runtime = next_runtime();
  runtime.next();
  runtime.respond("\"one\"");
  first.finish();
  auto second = call("2");
  for (int i = 0; i < 5; ++i)
    turn();
  clock.advance(24ms);
  for (int i = 0; i < 5; ++i)
    turn();
  EXPECT_EQ(launcher.starts(), 1);
  clock.advance(1ms);
  ASSERT_TRUE(until([&] { return launcher.starts() == 2; }));
  auto other = this->runtime(1);
  EXPECT_EQ(other.serve("\"two\"").body(), "2");
  EXPECT_EQ(second.finish().body, "\"two\"");
}

TEST_F(Pool, ACallerThatMeetsAnEnvironmentBeingResetWaits250MillisecondsForIt) {
  for (const bool in_time : {true, false}) {
    SCOPED_TRACE(in_time);
    start();
    const int before = launcher.starts();
    auto first = call("1");
    ASSERT_TRUE(until([&] { return launcher.starts() == before + 1; }));
    this->runtime(before).next();
    launcher.hold_the_dying();
    launcher.process(before).exit(1);
    EXPECT_NE(first.finish().body.find("Runtime.ExitError"), std::string::npos);
    auto second = call("2");
    for (int i = 0; i < 5; ++i)
      turn();
    clock.advance(in_time ? 249ms : 250ms);
    for (int i = 0; i < 5; ++i)
      turn();
    // Another environment has none of this one's.
    EXPECT_EQ(states().size(), in_time ? 1U : 2U);
    launcher.let_die();
    ASSERT_TRUE(until([&] { return launcher.starts() == before + 2; }));
    this->runtime(before + 1).serve("\"two\"");
    EXPECT_EQ(second.finish().body, "\"two\"");
  }
}

TEST_F(Pool, WhereThereIsNoRoomForAnotherTheCallerGoesOnWaiting) {
  options.concurrency = 1;
  start();
  auto first = call("1");
  auto runtime = next_runtime();
  runtime.next();
  runtime.respond("\"one\"");
  first.finish();
  auto second = call("2");
  for (int i = 0; i < 5; ++i)
    turn();
  clock.advance(2s);
  for (int i = 0; i < 5; ++i)
    turn();
  EXPECT_FALSE(second.answered());
  EXPECT_EQ(runtime.serve("\"two\"").body(), "2");
  EXPECT_EQ(second.finish().body, "\"two\"");
  EXPECT_EQ(launcher.starts(), 1);
}

TEST_F(Pool, ACallerThatWaitedForARuntimeThatThenHungIsServedByAFreshOne) {
  options.concurrency = 1;
  start();
  auto first = call("1");
  auto runtime = next_runtime();
  runtime.next();
  runtime.respond("\"one\"");
  first.finish();
  auto second = call("2");
  for (int i = 0; i < 5; ++i)
    turn();
  clock.advance(3s);  // the first invoke's timeout covers the time until its next
  auto fresh = next_runtime();
  EXPECT_EQ(fresh.serve("\"two\"").body(), "2");
  EXPECT_EQ(second.finish().body, "\"two\"");
}

TEST_F(Pool, OnlyOneOfTwoCallersCountsOnADrainingEnvironment) {
  start();
  auto first = call("1");
  auto runtime = next_runtime();
  runtime.next();
  runtime.respond("1");
  first.finish();
  auto second = call("2");
  for (int i = 0; i < 5; ++i)
    turn();
  auto third = call("3");
  ASSERT_TRUE(until([&] { return launcher.starts() == 2; }));
  EXPECT_EQ(runtime.serve("\"two\"").body(), "2");
  EXPECT_EQ(this->runtime(1).serve("\"three\"").body(), "3");
  EXPECT_EQ(second.finish().body, "\"two\"");
  EXPECT_EQ(third.finish().body, "\"three\"");
}

TEST_F(Pool, EventsWaitInOrderWhileEveryEnvironmentIsBusyAndAreNeverThrottled) {
  options.concurrency = 1;
  start();
  auto busy = call("0");
  auto runtime = next_runtime();
  runtime.next();
  const HeaderList event{{"X-Amz-Invocation-Type", "Event"}};
  auto client = caller();
  for (const char* body : {"1", "2", "3"})
    EXPECT_EQ(client.invoke(body, event).status, 202);
  EXPECT_EQ(queued_events(), 3);
  EXPECT_EQ(caller().invoke("4").status, 429) << "a synchronous caller does not wait";
  runtime.respond("0");
  busy.finish();
  for (const char* body : {"1", "2", "3"})
    EXPECT_EQ(runtime.serve("1").body(), body);
  ASSERT_TRUE(until([&] { return records.invocations.size() == 4; }));
  EXPECT_EQ(queued_events(), 0);
  EXPECT_EQ(launcher.starts(), 1);
}

TEST_F(Pool, AnEventThatWaitsIsServedAlthoughTheBusyRuntimeCrashes) {
  options.concurrency = 1;
  start();
  auto busy = call("0");
  auto runtime = next_runtime();
  runtime.next();
  EXPECT_EQ(caller().invoke("1", {{"X-Amz-Invocation-Type", "Event"}}).status, 202);
  launcher.latest().signal(9);
  busy.finish();
  EXPECT_EQ(next_runtime().serve("1").body(), "1");
}

TEST_F(Pool, AnIdleEnvironmentIsGivenUpAfterItsTimeAndTheNextInvokeIsCold) {
  options.idle_timeout = 300s;
  options.time_scale = 60;
  start();
  auto runtimes = warm(1);
  clock.advance(4999ms);
  turn();
  EXPECT_EQ(environments(), 1);
  clock.advance(1ms);
  ASSERT_TRUE(until([&] { return environments() == 0; }));
  EXPECT_TRUE(launcher.process(0).killed());
  EXPECT_TRUE(runtimes[0].link().ends());
  auto caller = call("{}");
  next_runtime().serve("1");
  caller.finish();
  ASSERT_TRUE(until([&] { return records.invocations.size() == 2; }));
  EXPECT_TRUE(records.invocations[1].cold);
  EXPECT_TRUE(records.invocations[1].init.has_value());
  EXPECT_NE(records.invocations[0].environment_id, records.invocations[1].environment_id);
}

TEST_F(Pool, AnInvokeStartsTheIdleTimeAnew) {
  options.idle_timeout = 10s;
  start();
  auto runtimes = warm(1);
  for (int i = 0; i < 3; ++i) {
    clock.advance(9s);
    auto caller = call("{}");
    runtimes[0].serve("1");
    caller.finish();
    const auto wanted = static_cast<std::size_t>(i + 2);
    ASSERT_TRUE(until([&] { return records.invocations.size() == wanted; }));
  }
  EXPECT_EQ(launcher.starts(), 1);
}

TEST_F(Pool, AsMeasuredOnAwsNearlyAllAreKeptFor240SecondsAndNoneAfter361) {
  options.concurrency = 20;
  options.seed = 7;
  start();
  auto runtimes = warm(20);
  clock.advance(60s);
  turn();
  EXPECT_EQ(environments(), 20);
  clock.advance(180s);
  for (int i = 0; i < 30; ++i)
    turn();
  EXPECT_GE(environments(), 17);
  clock.advance(121s);
  ASSERT_TRUE(until([&] { return environments() == 0; }));
}

TEST_F(Pool, ProvisionedEnvironmentsAreReadyBeforeAnyInvoke) {
  options.provisioned = 2;
  start();
  ASSERT_EQ(launcher.starts(), 2);
  auto one = runtime(0);
  auto two = runtime(1);
  one.ask_next();
  two.ask_next();
  ASSERT_TRUE(until([&] { return states() == std::vector<std::string>{"Idle", "Idle"}; }));
  EXPECT_EQ(log.lines_starting("INIT_REPORT ").size(), 2U);
  EXPECT_TRUE(log.lines_starting("START ").empty());
  auto first = call("1");
  auto second = call("2");
  one.serve("1");
  two.serve("2");
  first.finish();
  second.finish();
  EXPECT_EQ(launcher.starts(), 2);
}

TEST_F(Pool, AProvisionedEnvironmentSaysSoAndMayTake130SecondsForItsInit) {
  options.provisioned = 1;
  start();
  EXPECT_EQ(launcher.process(0).variable("AWS_LAMBDA_INITIALIZATION_TYPE"),
            "provisioned-concurrency");
  clock.advance(129s);
  turn();
  EXPECT_TRUE(launcher.process(0).running());
  clock.advance(1s);
  ASSERT_TRUE(until([&] { return states() == std::vector<std::string>{"ColdAgain"}; }));
  EXPECT_TRUE(
      log.contains("INIT_REPORT Init Duration: 130000.00 ms\tPhase: init\tStatus: timeout"));
}

TEST_F(Pool, AnInvokeThatMeetsAProvisionedEnvironmentInItsInitStartsAnother) {
  options.provisioned = 1;
  start();
  auto caller = call("{}");
  ASSERT_TRUE(until([&] { return launcher.starts() == 2; }));
  runtime(1).serve("\"own\"");
  EXPECT_EQ(caller.finish().body, "\"own\"");
}

TEST_F(Pool, AProvisionedEnvironmentWhoseInitFailsIsColdAgainAndNotLost) {
  options.provisioned = 1;
  options.concurrency = 1;
  start();
  launcher.process(0).exit(1);
  ASSERT_TRUE(until([&] { return states() == std::vector<std::string>{"ColdAgain"}; }));
  auto caller = call("{}");
  ASSERT_TRUE(until([&] { return launcher.starts() == 2; }));
  runtime(1).serve("\"fine\"");
  EXPECT_EQ(caller.finish().body, "\"fine\"");
}

TEST_F(Pool, ACallerThatHangsUpDoesNotStopItsInvoke) {
  options.concurrency = 1;
  start();
  auto gone = call("1");
  auto runtime = next_runtime();
  runtime.next();
  gone.link().abort();
  for (int i = 0; i < 5; ++i)
    turn();
  runtime.respond("\"to nobody\"");
  runtime.ask_next();
  ASSERT_TRUE(until([&] { return records.invocations.size() == 1; }));
  EXPECT_EQ(records.invocations[0].status, InvocationStatus::ok);
  auto next_caller = call("2");
  EXPECT_EQ(runtime.serve("\"mine\"").body(), "2");
  EXPECT_EQ(next_caller.finish().body, "\"mine\"");
}

}  // namespace
}  // namespace coldframe::testing
