// Who goes first, who waits, and what is kept: events, provisioned environments, reserved limits.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/stub_fixture.hpp"

namespace coldframe::testing {
namespace {

using namespace std::chrono_literals;

class PoolOrder : public StubFixture {
 protected:
  int event(std::string_view body) {
    return caller().invoke(body, {{"X-Amz-Invocation-Type", "Event"}}).status;
  }
  void turns() {
    for (int i = 0; i < 5; ++i)
      turn();
  }
};

TEST_F(PoolOrder, AnEventThatMeetsADrainingEnvironmentDoesNotOvertakeThoseThatWait) {
  options.concurrency = 1;
  start();
  auto busy = call("0");
  auto runtime = next_runtime();
  runtime.next();
  EXPECT_EQ(event("1"), 202);
  EXPECT_EQ(event("2"), 202);
  runtime.respond("0");
  busy.finish();
  EXPECT_EQ(event("3"), 202);
  for (const char* body : {"1", "2", "3"})
    EXPECT_EQ(runtime.serve("1").body(), body);
}

TEST_F(PoolOrder, CallersThatCallAgainAtOnceDoNotStarveAnEvent) {
  options.concurrency = 1;
  start();
  auto busy = call("0");
  auto runtime = next_runtime();
  runtime.next();
  EXPECT_EQ(event("\"event\""), 202);
  runtime.respond("0");
  busy.finish();
  for (const char* again : {"1", "2"})
    EXPECT_EQ(caller().invoke(again).status, 429) << "the place is the event's";
  EXPECT_EQ(runtime.serve("1").body(), "\"event\"");
}

TEST_F(PoolOrder, ACallerThatWaitsForADrainingEnvironmentGoesBeforeALaterEvent) {
  options.concurrency = 1;
  start();
  auto busy = call("0");
  auto runtime = next_runtime();
  runtime.next();
  runtime.respond("0");
  busy.finish();
  auto waiting = call("\"caller\"");
  turns();
  EXPECT_EQ(event("\"event\""), 202);
  EXPECT_EQ(runtime.serve("1").body(), "\"caller\"");
  EXPECT_EQ(runtime.serve("2").body(), "\"event\"");
  EXPECT_EQ(waiting.finish().body, "1");
}

TEST_F(PoolOrder, EventsBeyond256MebibytesAreThrottledBeforeTheyAreAccepted) {
  options.concurrency = 1;
  start();
  auto busy = call("0");
  auto runtime = next_runtime();
  runtime.next();
  const std::string mebibyte = '"' + std::string(1024 * 1024 - 2, 'e') + '"';
  for (int i = 0; i < 256; ++i)
    ASSERT_EQ(event(mebibyte), 202) << i;
  EXPECT_EQ(event("1"), 429);
  runtime.respond("0");
  busy.finish();
  EXPECT_EQ(runtime.serve("1").body(), mebibyte);
  ASSERT_TRUE(until([&] { return records.invocations.size() == 1; }));
  EXPECT_EQ(event("1"), 202) << "one has gone";
}

TEST_F(PoolOrder, AsManyEventsWaitAsThereIsRoomForAndOneMoreIsThrottled) {
  EXPECT_EQ(EmulatorOptions().queued_events, 100'000u);
  options.concurrency = 1;
  options.queued_events = 3;
  start();
  auto busy = call("0");
  auto runtime = next_runtime();
  runtime.next();
  for (const char* body : {"1", "2", "3"})
    EXPECT_EQ(event(body), 202) << body;
  EXPECT_EQ(event("4"), 429);
  runtime.respond("0");
  busy.finish();
  EXPECT_EQ(runtime.next().body(), "1");
  EXPECT_EQ(event("5"), 202) << "one has gone";
  EXPECT_EQ(event("6"), 429);
  runtime.respond("1");
  for (const char* body : {"2", "3", "5"})
    EXPECT_EQ(runtime.serve("1").body(), body);
}

TEST_F(PoolOrder, EventsThatAreHeldBackTakeTheirRoomToo) {
  options.queued_events = 2;
  start();
  bool changing = true;
  emulator().hold_while("f", [&] { return changing; });
  EXPECT_EQ(event("1"), 202);
  EXPECT_EQ(event("2"), 202);
  EXPECT_EQ(event("3"), 429);
  changing = false;
  emulator().resume("f");
  for (const char* body : {"1", "2"})
    EXPECT_EQ(next_runtime().serve("0").body(), body);
}

TEST_F(PoolOrder, InvokesThatAreHeldBackStartNothingAndGoOnInTheirOrder) {
  options.concurrency = 1;
  start();
  bool changing = true;
  emulator().hold_while("f", [&] { return changing; });
  auto first = call("\"first\"");
  turns();
  changing = false;
  auto second = call("\"second\"", {{"X-Amz-Invocation-Type", "Event"}});
  turns();
  EXPECT_TRUE(states().empty()) << "also the one that came later waits for the first";
  emulator().resume("f");
  auto runtime = next_runtime();
  EXPECT_EQ(runtime.serve("1").body(), "\"first\"");
  EXPECT_EQ(first.finish().body, "1");
  EXPECT_EQ(runtime.serve("2").body(), "\"second\"");
  EXPECT_EQ(second.finish().status, 202);
}

TEST_F(PoolOrder, AnInvokeThatIsHeldBackIsToldOfTheEnd) {
  start();
  emulator().hold_while("f", [] { return true; });
  auto held = call("1");
  turns();
  stop();
  EXPECT_EQ(held.finish().status, 500);
}

TEST_F(PoolOrder, ProvisionedEnvironmentsDoNotExpire) {
  options.provisioned = 1;
  options.idle_timeout = 10s;
  start();
  auto kept = runtime(0);
  kept.ask_next();
  ASSERT_TRUE(until([&] { return states() == std::vector<std::string>{"Idle"}; }));
  clock.advance(3600s);
  turns();
  EXPECT_TRUE(launcher.process(0).running());
  auto caller = call("{}");
  kept.serve("1");
  caller.finish();
  ASSERT_TRUE(until([&] { return records.invocations.size() == 1; }));
  EXPECT_FALSE(records.invocations[0].cold) << "no process was started for it";
}

TEST_F(PoolOrder, ProvisionedEnvironmentsCountWithinTheReservedConcurrency) {
  function.reserved_concurrency = 1;
  options.provisioned = 3;
  start();
  EXPECT_EQ(launcher.starts(), 1);
}

TEST_F(PoolOrder, ReservedConcurrencyZeroThrottlesAlsoWithProvisionedEnvironments) {
  function.reserved_concurrency = 0;
  options.provisioned = 1;
  start();
  EXPECT_EQ(launcher.starts(), 0);
  EXPECT_EQ(caller().invoke("{}").status, 429);
}

TEST_F(PoolOrder, WhereThereIsNoRoomForAnotherACallerWaitsForAProvisionedInit) {
  options.provisioned = 1;
  options.concurrency = 1;
  start();
  auto waiting = call("\"me\"");
  turns();
  EXPECT_FALSE(waiting.answered());
  EXPECT_EQ(caller().invoke("{}").status, 429) << "only one can have it";
  EXPECT_EQ(runtime(0).serve("\"served\"").body(), "\"me\"");
  EXPECT_EQ(waiting.finish().body, "\"served\"");
  EXPECT_EQ(launcher.starts(), 1);
}

TEST_F(PoolOrder, WhoInvokesAgainAtTheAnswerOfACrashWaitsForTheReset) {
  options.concurrency = 1;
  start();
  for (const char* how : {"crash", "timeout"}) {
    std::optional<InvokeResult> second;
    bool first_answered = false;
    InvokeRequest request{.function = "f", .payload = make_payload("\"first\"")};
    emulator().invoke(std::move(request), [&](InvokeResult&&) {
      first_answered = true;
      InvokeRequest again{.function = "f", .payload = make_payload("\"again\"")};
      emulator().invoke(std::move(again), [&](InvokeResult&& result) { second = result; });
    });
    auto runtime = next_runtime();
    EXPECT_EQ(runtime.next().body(), "\"first\"");
    std::string_view(how) == "crash" ? launcher.latest().signal(9) : clock.advance(3s);
    ASSERT_TRUE(until([&] { return first_answered; }));
    auto fresh = next_runtime();
    EXPECT_EQ(fresh.serve("1").body(), "\"again\"");
    ASSERT_TRUE(until([&] { return second.has_value(); })) << how;
    EXPECT_EQ(second->refusal, Refusal::none) << how;
    launcher.latest().signal(9);
    turns();
  }
}

TEST_F(PoolOrder, WhatTheHostCannotStartIsNoFunctionErrorAndTheNextTryIsAFreshInit) {
  options.concurrency = 1;
  start();
  auto caller = call("{}");
  ASSERT_TRUE(until([&] { return launcher.starts() == 1; }));
  launcher.latest().fail_launch(LaunchFailure::Stage::host,
                                "cannot make a pipe: too many open files");
  const auto answer = caller.finish();
  EXPECT_EQ(answer.status, 500);
  EXPECT_NE(answer.body.find("could not open an execution environment"), std::string::npos);
  EXPECT_TRUE(log.contains("coldframe: cannot start a process: cannot make a pipe"));
  EXPECT_FALSE(log.contains("INIT_REPORT"));
  EXPECT_TRUE(records.invocations.empty());
  auto second = call("{}");
  ASSERT_TRUE(until([&] { return launcher.starts() == 2; }));
  runtime(1).serve("\"fine\"");
  EXPECT_EQ(second.finish().body, "\"fine\"");
  EXPECT_TRUE(until([&] { return log.contains("Init Duration:"); }))
      << "a first init, not a suppressed one";
}

TEST_F(PoolOrder, AStopKeepsTheAnswerOfACallerThatOnlyWaitsForItsLogTail) {
  start();
  auto caller = call("{}", {{"X-Amz-Log-Type", "Tail"}});
  auto runtime = next_runtime();
  runtime.next();
  launcher.latest().print("said");
  launcher.latest().begin_line("begun");
  runtime.respond("\"done\"");
  turns();
  EXPECT_FALSE(caller.answered()) << "its tail ends with REPORT";
  stop();
  const auto answer = caller.finish();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "\"done\"");
  EXPECT_NE(log_tail(answer).find("said\nbegun\n"), std::string::npos);
  EXPECT_NE(log_tail(answer).find("REPORT RequestId: "), std::string::npos);
  EXPECT_EQ(records.invocations.size(), 1U);
}

TEST_F(PoolOrder, ADryRunNeverReachesTheFunctionAlsoWithoutHttp) {
  start();
  std::optional<InvokeResult> result;
  InvokeRequest request{.function = "f", .type = InvocationType::dry_run};
  emulator().invoke(std::move(request), [&](InvokeResult&& got) { result = got; });
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->refusal, Refusal::none);
  EXPECT_EQ(launcher.starts(), 0);
}

TEST_F(PoolOrder, ManyThatComeAtOnceBeginInTheirOrderAndAreAllAtWorkAtOnce) {
  options.concurrency = 20;
  start();
  std::vector<InvokeClient> calls;
  for (int i = 0; i < 20; ++i)
    calls.push_back(call(std::to_string(i)));
  std::vector<StubRuntime> runtimes;
  for (int i = 0; i < 20; ++i) {
    runtimes.push_back(next_runtime());
    EXPECT_EQ(runtimes.back().next().body(), std::to_string(i));
  }
  EXPECT_EQ(caller().invoke("20").status, 429);
  for (auto& runtime : runtimes)
    runtime.respond("\"done\"");
  for (auto& one : calls)
    EXPECT_EQ(one.finish().body, "\"done\"");
}

TEST_F(PoolOrder, ManyThatComeAtOnceWaitAsLongAsThoseAtWorkComeOn) {
  options.concurrency = 9;
  start();
  std::vector<InvokeClient> calls;
  std::vector<StubRuntime> runtimes;
  for (int i = 0; i < 4; ++i) {
    calls.push_back(call("\"busy\""));
    runtimes.push_back(next_runtime());
    runtimes.back().next();
  }
  EXPECT_EQ(event("\"first\""), 202);
  auto coming_on = next_runtime();
  coming_on.serve("1");
  ASSERT_TRUE(until([&] { return states().back() == "Idle"; }));

  auto answered = std::make_shared<int>(0);  // the end of the test answers those that are left
  for (int i = 0; i < 4; ++i) {
    emulator().invoke({.function = "f", .payload = make_payload("{}")},
                      [answered](InvokeResult&&) { ++*answered; });
  }
  // An event after the other, and never four turns without a step.
  auto two_turns = [&] {
    emulator().io().poll_one();
    emulator().io().poll_one();
  };
  for (int i = 0; i < 5; ++i) {
    const std::string id = "event-" + std::to_string(i);
    emulator().invoke({.function = "f",
                       .type = InvocationType::event,
                       .payload = make_payload("{}"),
                       .request_id = id},
                      [](InvokeResult&&) {});
    two_turns();
    coming_on.link().send(http_request("POST", response_path(id), "1"));
    two_turns();
    coming_on.link().send(http_request("GET", k_next));
    two_turns();
    EXPECT_EQ(launcher.starts(), 5) << i;
  }
  EXPECT_TRUE(until([&] { return launcher.starts() == 8; })) << "nobody comes on any more";
  EXPECT_EQ(*answered, 0);
}

TEST_F(PoolOrder, ThoseThatWaitForTheirTurnAreRefusedOnceWhenTheEmulatorStops) {
  options.concurrency = 20;
  start();
  std::vector<Refusal> refusals;
  auto invoke = [&](const std::string& body) {
    emulator().invoke({.function = "function", .payload = make_payload(body)},
                      [&](InvokeResult&& result) { refusals.push_back(result.refusal); });
  };
  for (int i = 0; i < 15; ++i)
    invoke(std::to_string(i));
  EXPECT_EQ(refusals.size(), 0U);
  emulator().stop();
  EXPECT_EQ(refusals, std::vector<Refusal>(15, Refusal::stopping));
  invoke("1");
  EXPECT_EQ(refusals.size(), 16U);
}

}  // namespace
}  // namespace coldframe::testing
