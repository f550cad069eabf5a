// What REPORT bills, from thousands of real lines.
#include <gtest/gtest.h>

#include "tests/support/stub_fixture.hpp"

namespace coldframe::testing {
namespace {

using namespace std::chrono_literals;

class Billing : public StubFixture {
 protected:
  // REPORT of one invoke, without the request id.
  std::string report_of(Duration init, Duration duration) {
    auto caller = call("{}");
    auto runtime = next_runtime();
    clock.advance(init);
    runtime.next();
    clock.advance(duration);
    runtime.respond("1");
    runtime.ask_next();
    caller.finish();
    const auto wanted = records.invocations.size() + 1;
    wait_for(
        *this, [&] { return records.invocations.size() >= wanted || log.count("REPORT ") > 0; },
        "a report");
    std::string line = log.lines_starting("REPORT ").back();
    return line.substr(line.find('\t') + 1);
  }
};

TEST_F(Billing, RoundsUpTheUnroundedDuration) {
  function.timeout_s = 60;
  start();
  // Prints 12.00 ms and bills 13: nothing is rounded before the ceiling.
  EXPECT_EQ(report_of(0ms, 12ms + 4us),
            "Duration: 12.00 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\t"
            "Init Duration: 0.00 ms\t");
}

TEST_F(Billing, AddsTheInitBeforeItRoundsUp) {
  start();
  EXPECT_EQ(report_of(80ms, 133610us),
            "Duration: 133.61 ms\tBilled Duration: 214 ms\tMemory Size: 128 MB\t"
            "Init Duration: 80.00 ms\t");
}

TEST_F(Billing, OfTwoHalvesOfAMillisecondIsOneMillisecond) {
  start();
  EXPECT_EQ(report_of(463500us, 1233500us),
            "Duration: 1233.50 ms\tBilled Duration: 1697 ms\tMemory Size: 128 MB\t"
            "Init Duration: 463.50 ms\t");
}

TEST_F(Billing, ATimeoutLastsExactlyTheTimeoutAndItsInitIsBilledToo) {
  start();
  auto caller = call("{}");
  auto runtime = next_runtime();
  clock.advance(402040us);
  const auto id = runtime.next().id;
  clock.pass(3217ms);  // the host was busy and notices late; the figure is the timeout all the same
  clock.advance(0s);
  caller.finish();
  EXPECT_EQ(log.lines_starting("REPORT ").at(0),
            "REPORT RequestId: " + id +
                "\tDuration: 3000.00 ms\tBilled Duration: 3403 ms\tMemory Size: 128 MB\t"
                "Init Duration: 402.04 ms\tStatus: timeout");
  EXPECT_FALSE(log.contains("Task timed out")) << "that is the old form";
}

TEST_F(Billing, WhatOutlastsTheTimeoutBeforeAnyoneNoticesIsBilledOnlyUpToIt) {
  start();
  auto caller = call("{}");
  auto runtime = next_runtime();
  runtime.next();
  clock.pass(3054870us);
  runtime.respond("1");
  runtime.ask_next();
  EXPECT_EQ(caller.finish().body, "1");
  ASSERT_TRUE(until([&] { return log.count("REPORT ") == 1; }));
  EXPECT_NE(log.text().find("\tDuration: 3054.87 ms\tBilled Duration: 3000 ms\t"),
            std::string::npos);
}

TEST_F(Billing, AfterAResetThereIsNoInitDuration) {
  start();
  auto first = call("{}");
  next_runtime().next();
  clock.advance(3s);
  first.finish();
  auto second = call("{}");
  auto runtime = next_runtime();
  clock.advance(300ms);
  const auto id = runtime.next().id;
  clock.advance(20ms);
  runtime.respond("1");
  runtime.ask_next();
  second.finish();
  ASSERT_TRUE(until([&] { return log.count("REPORT ") == 2; }));
  EXPECT_EQ(log.lines_starting("REPORT ").at(1),
            "REPORT RequestId: " + id +
                "\tDuration: 320.00 ms\tBilled Duration: 320 ms\tMemory Size: 128 MB\t");
  EXPECT_FALSE(records.invocations.at(1).init.has_value());
}

TEST_F(Billing, ADurationCountsUntilTheRuntimeAsksAgainNotUntilItAnswers) {
  start();
  auto caller = call("{}");
  auto runtime = next_runtime();
  runtime.next();
  clock.advance(10ms);
  runtime.respond("1");
  caller.finish();
  clock.advance(500ms);
  runtime.ask_next();
  ASSERT_TRUE(until([&] { return records.invocations.size() == 1; }));
  EXPECT_EQ(records.invocations[0].duration, 510ms);
  EXPECT_EQ(records.invocations[0].response, 10ms);
}

}  // namespace
}  // namespace coldframe::testing
