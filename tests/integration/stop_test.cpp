// The end of the emulator, whatever is going on: nothing hangs, nobody is left.
#include <gtest/gtest.h>

#include <csignal>

#include "tests/support/child_fixture.hpp"
#include "tests/support/processes.hpp"
#include "tests/support/stub_fixture.hpp"

namespace coldframe::testing {
namespace {

using namespace std::chrono_literals;

class Stop : public ChildFixture {
 protected:
  // Stops, and checks that nothing is left but the guard.
  void expect_clean_stop() {
    stop();
    EXPECT_EQ(living_children().size(), 1U);
    EXPECT_TRUE(states().empty());
    EXPECT_ANY_THROW(caller()) << "the port is closed";
  }
  std::string only_state() const { return states().size() == 1 ? states()[0] : ""; }
};

TEST_F(Stop, WithNothingGoingOn) {
  play(k_obey);
  start();
  expect_clean_stop();
}

TEST_F(Stop, TwiceIsTheSameAsOnce) {
  play(k_obey);
  start();
  obey("respond 1");
  expect_clean_stop();
  expect_clean_stop();
}

TEST_F(Stop, InTheMiddleOfAnInitTellsTheCaller) {
  play("hang\n");
  start();
  auto waiting = call("{}");
  ASSERT_TRUE(until([&] { return only_state() == "Init"; }));
  expect_clean_stop();
  const auto answer = waiting.finish();
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.body, R"({"Type":"Service","Message":"The emulator is stopping."})");
}

TEST_F(Stop, InTheMiddleOfAnInvokeTellsTheCaller) {
  play(k_obey);
  start();
  auto waiting = call(order("fork-grandchild; fork-daemon; print there; hang"));
  ASSERT_TRUE(until([&] { return log.contains("there\n"); }));
  expect_clean_stop();
  EXPECT_EQ(waiting.finish().status, 500);
  EXPECT_EQ(records.invocations.size(), 0U);
}

TEST_F(Stop, InTheMiddleOfARequestOfSixMegabytes) {
  play(k_obey);
  start();
  RawHttpClient slow(*this, port());
  slow.send("POST " + invoke_path("f") + " HTTP/1.1\r\nContent-Length: 6000000\r\n\r\n\"" +
            std::string(3000000, 'x'));
  for (int i = 0; i < 5; ++i)
    turn();
  expect_clean_stop();
}

TEST_F(Stop, InTheMiddleOfAResponseOfSixMegabytes) {
  play("next\nrespond-chunked 60 100KB 50\nhang\n");
  start();
  auto waiting = call("{}");
  ASSERT_TRUE(until([&] { return only_state() == "Busy"; }));
  for (int i = 0; i < 100; ++i)
    turn();
  expect_clean_stop();
  EXPECT_EQ(waiting.finish().status, 500);
}

TEST_F(Stop, WhileACallerDoesNotReadItsSixMegabytes) {
  play("next\nrespond-size 6000000\nnext\n");
  start();
  auto lazy = call("{}");
  ASSERT_TRUE(until([&] { return records.invocations.size() == 1; }));
  expect_clean_stop();
}

TEST_F(Stop, InTheMiddleOfAReset) {
  play(k_obey);
  start();
  auto crashing = call(order("exit 1"));
  ASSERT_TRUE(until([&] { return only_state() == "Reset" || records.invocations.size() == 1; }));
  expect_clean_stop();
  EXPECT_EQ(crashing.finish().status, 200);
}

TEST_F(Stop, WithEventsStillInTheQueue) {
  play(k_obey);
  start();
  auto busy = call(order("hang"));
  ASSERT_TRUE(until([&] { return only_state() == "Busy"; }));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(call("{}", {{"X-Amz-Invocation-Type", "Event"}}).finish().status, 202);
  }
  expect_clean_stop();
  EXPECT_NE(log.text().find("coldframe: 3 accepted Event invokes of 'f' were not begun before the "
                            "end\n"),
            std::string::npos)
      << log.text();
}

TEST_F(Stop, InTheMiddleOfAnEventSaysSo) {
  play(k_obey);
  start();
  EXPECT_EQ(call(order("hang"), {{"X-Amz-Invocation-Type", "Event"}}).finish().status, 202);
  ASSERT_TRUE(until([&] { return only_state() == "Busy"; }));
  expect_clean_stop();
  EXPECT_NE(log.text().find(" of 'f' was cut off by the end\n"), std::string::npos) << log.text();
}

TEST_F(Stop, OfManyEnvironmentsAtOnce) {
  play(k_obey);
  options.concurrency = 8;
  start();
  std::vector<InvokeClient> callers;
  for (int i = 0; i < 8; ++i)
    callers.push_back(call(order("print here; hang")));
  ASSERT_TRUE(until([&] { return log.count("here") == 8; }));
  expect_clean_stop();
  for (auto& waiting : callers)
    EXPECT_EQ(waiting.finish().status, 500);
}

TEST_F(Stop, ByDestructionAloneLeavesNothingEither) {
  play(k_obey);
  {
    auto owned = Emulator::create(options).value();
    owned->add(function).value();
    std::optional<InvokeResult> result;
    owned->invoke({.function = "f", .payload = make_payload(order("fork-daemon; hang"))},
                  [&](InvokeResult&& got) { result = std::move(got); });
    const auto started = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() < started + 100ms)
      owned->io().run_one_for(10ms);
    owned.reset();
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(result->refusal, Refusal::stopping);
  }
  EXPECT_TRUE(living_children().empty());
}

TEST_F(Stop, AnInterruptEndsACallThatWaits) {
  play(k_obey);
  options.concurrency = 2;
  start();
  emulator().interrupt(SIGTERM);
  const auto result =
      emulator().invoke_and_wait({.function = "f", .payload = make_payload(order("hang"))});
  EXPECT_EQ(result.refusal, Refusal::stopping);
  EXPECT_EQ(emulator().interrupted_by(), SIGTERM);
  const auto observed =
      emulator().observe({.function = "f", .payload = make_payload(order("hang"))});
  ASSERT_FALSE(observed.has_value());
  EXPECT_EQ(static_cast<int>(observed.error().code), 128 + SIGTERM);
  expect_clean_stop();
}

TEST_F(Stop, ASignalEndsACallThatWaits) {
  play(k_obey);
  start();
  emulator().watch_signals();
  ::raise(SIGHUP);
  const auto result =
      emulator().invoke_and_wait({.function = "f", .payload = make_payload(order("hang"))});
  EXPECT_EQ(result.refusal, Refusal::stopping);
  EXPECT_EQ(emulator().interrupted_by(), SIGHUP);
  expect_clean_stop();
}

TEST_F(Stop, BeforeTheNextPollEndsAnAnsweredInvokeInTheLogAndTheRecords) {
  play(k_obey);
  start();
  auto caller = call(order("respond 1; hang"));
  EXPECT_EQ(caller.finish().body, "1");
  EXPECT_EQ(only_state(), "Draining");
  expect_clean_stop();
  ASSERT_EQ(records.invocations.size(), 1U);
  const auto& record = records.invocations[0];
  EXPECT_EQ(record.status, InvocationStatus::ok);
  EXPECT_TRUE(record.max_memory_used_bytes);
  EXPECT_GE(record.duration, record.response.value_or(1h));
  EXPECT_EQ(log.count("END RequestId: " + record.request_id), 1);
  EXPECT_EQ(log.count("REPORT RequestId: " + record.request_id), 1);
}

using StopOfStubs = StubFixture;
TEST_F(StopOfStubs, RefusesThoseThatWaitForADrainingEnvironment) {
  start();
  auto first = call("1");
  auto runtime = next_runtime();
  runtime.next();
  runtime.respond("1");
  first.finish();
  auto second = call("2");
  for (int i = 0; i < 5; ++i)
    turn();
  stop();
  EXPECT_EQ(second.finish().status, 500);
}

}  // namespace
}  // namespace coldframe::testing
