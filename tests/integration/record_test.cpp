// Facts as they leave through the sink: measured, complete, and absent where they are not known.
#include <gtest/gtest.h>

#include "tests/support/child_fixture.hpp"
#include "tests/support/stub_fixture.hpp"

namespace coldframe::testing {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t k_mib = 1024 * 1024;

class Record : public ChildFixture {};

TEST_F(Record, OfAColdAndAWarmInvokeDifferInTheirInit) {
  play("busy 30ms\nforever\n  obey\nend\n");
  start();
  obey("respond 1");
  obey("respond 2");
  ASSERT_EQ(records.inits.size(), 1U);
  const auto& init = records.inits[0];
  EXPECT_EQ(init.function, "f");
  EXPECT_EQ(init.phase, InitPhase::init);
  EXPECT_EQ(init.status, InitStatus::success);
  EXPECT_EQ(init.error_type, "");
  EXPECT_GE(init.duration, 30ms);
  EXPECT_GE(init.cpu.value_or(0ms), 30ms);

  ASSERT_EQ(records.invocations.size(), 2U);
  const auto& cold = records.invocations[0];
  const auto& warm = records.invocations[1];
  EXPECT_TRUE(cold.cold);
  EXPECT_FALSE(warm.cold);
  EXPECT_EQ(cold.init, init.duration);
  EXPECT_EQ(cold.init_cpu, init.cpu);
  EXPECT_FALSE(warm.init.has_value());
  EXPECT_FALSE(warm.init_cpu.has_value());
  EXPECT_EQ(cold.environment_id, init.environment_id);
  EXPECT_EQ(warm.environment_id, init.environment_id);
  EXPECT_NE(cold.request_id, warm.request_id);
  for (const auto& record : records.invocations) {
    EXPECT_EQ(record.function, "f");
    EXPECT_EQ(record.status, InvocationStatus::ok);
    EXPECT_EQ(record.memory_size_mb, 128);
    EXPECT_EQ(record.produced_bytes, 1U);
    EXPECT_GT(record.duration, 0ms);
    ASSERT_TRUE(record.response.has_value());
    EXPECT_LE(*record.response, record.duration);
    EXPECT_GT(record.max_memory_used_bytes.value_or(0), k_mib / 4);
    ASSERT_TRUE(record.cpu.has_value());
    EXPECT_LE(*record.cpu, record.duration + 10ms);
  }
}

TEST_F(Record, CpuTimeIsThatOfTheHandlerNotOfItsSleep) {
  play(k_obey);
  start();
  obey("respond 0");
  obey("busy 60ms; respond 1");
  obey("sleep 120ms; respond 2");
  const auto& busy = records.invocations.at(1);
  const auto& asleep = records.invocations.at(2);
  EXPECT_GE(busy.cpu.value_or(0ms), 60ms);
  EXPECT_GE(asleep.duration, 120ms);
  EXPECT_LT(asleep.cpu.value_or(1h), 60ms);
}

TEST_F(Record, MemoryIsThePeakOverTheEnvironmentsLife) {
  play(k_obey);
  function.memory_mb = 512;
  start();
  obey("respond 0");
  obey("alloc 64MB; respond 1");
  obey("respond 2");
  const auto small = records.invocations.at(0).max_memory_used_bytes.value_or(0);
  const auto large = records.invocations.at(1).max_memory_used_bytes.value_or(0);
  const auto after = records.invocations.at(2).max_memory_used_bytes.value_or(0);
  EXPECT_GE(large, small + 64 * k_mib);
#ifndef __SANITIZE_THREAD__  // whose runtime keeps several bytes for each of the process's own
  EXPECT_LT(large, small + 80 * k_mib);
#endif
  EXPECT_GE(after, large) << "it does not drop between warm invokes";
}

TEST_F(Record, MemoryOfAProcessThatDiedIsWhatTheKernelSaysOfItsWholeLife) {
  play(k_obey);
  start();
  obey("respond 0");
  obey("alloc 128MB; signal SEGV");
  obey("respond 1");
  for (const int invoke : {1, 2}) {
    const auto& peak =
        records.invocations.at(static_cast<std::size_t>(invoke)).max_memory_used_bytes;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    if (!peak) continue;  // we may be larger than that ourselves
#else
    EXPECT_LT(peak.value_or(0), 256 * k_mib) << invoke;
#endif
    EXPECT_GE(peak.value_or(0), 128 * k_mib) << invoke;
  }
}

// The kernel keeps the size of the process that was forked, which is ours, over the exec.
TEST_F(Record, MemoryIsLeftOutWhereOnlyOurOwnIsKnown) {
  play(k_obey);
  const std::vector<char> ours(256 * k_mib, 'x');
  start();
  obey("respond 0");
  obey("alloc 64MB; exit 1");
  obey("alloc 64MB; respond 1");
  EXPECT_TRUE(records.invocations.at(0).max_memory_used_bytes);
  EXPECT_FALSE(records.invocations.at(1).max_memory_used_bytes);
  EXPECT_FALSE(records.invocations.at(2).max_memory_used_bytes);
  EXPECT_EQ(log.lines_starting("REPORT ").at(1).find("Max Memory Used"), std::string::npos);
}

TEST_F(Record, OfAFailureNamesItsKind) {
  play(k_obey);
  function.timeout_s = 1;
  start();
  obey("error ValueError {}");
  obey("respond-size 6291557");
  obey("exit 1");
  obey("hang");
  const std::pair<InvocationStatus, const char*> wanted[] = {
      {InvocationStatus::function_error, "Runtime.Unknown"},
      {InvocationStatus::function_error, "Function.ResponseSizeTooLarge"},
      {InvocationStatus::exit, "Runtime.ExitError"},
      {InvocationStatus::timeout, "Sandbox.Timedout"},
  };
  ASSERT_EQ(records.invocations.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(records.invocations[i].status, wanted[i].first) << i;
    EXPECT_EQ(records.invocations[i].error_type, wanted[i].second) << i;
  }
  EXPECT_EQ(records.invocations[3].duration, 1s);
  EXPECT_EQ(records.invocations[3].billed_ms, 1000);
  EXPECT_TRUE(records.invocations[3].cold) << "the crash before it cost this one a fresh process";
}

TEST_F(Record, OfAnInitThatFailsTwiceHasTwoInitsAndOneInvocation) {
  play("exit 1\n");
  start();
  invoke("{}");
  ASSERT_EQ(records.inits.size(), 2U);
  EXPECT_EQ(records.inits[0].phase, InitPhase::init);
  EXPECT_EQ(records.inits[1].phase, InitPhase::invoke);
  for (const auto& init : records.inits) {
    EXPECT_EQ(init.status, InitStatus::error);
    EXPECT_EQ(init.error_type, "Runtime.ExitError");
  }
  ASSERT_EQ(records.invocations.size(), 1U);
  EXPECT_EQ(records.invocations[0].status, InvocationStatus::init_error);
  EXPECT_FALSE(records.invocations[0].init.has_value());
}

TEST_F(Record, ThroughObserveComesWithTheAnswer) {
  play(k_obey);
  start();
  const auto observed =
      emulator().observe({.function = "f", .payload = make_payload(order("respond \"seen\""))});
  ASSERT_TRUE(observed.has_value());
  EXPECT_EQ(*observed->result.payload, "\"seen\"");
  EXPECT_EQ(observed->record.request_id, observed->result.request_id);
  EXPECT_TRUE(observed->record.cold);
  EXPECT_GE(observed->latency, observed->record.response.value_or(0ms));
}

using RecordOfStubs = StubFixture;
TEST_F(RecordOfStubs, LeavesOutWhatNobodyMeasured) {
  start();
  auto caller = call("{}");
  next_runtime().serve("1");
  caller.finish();
  ASSERT_TRUE(until([&] { return records.invocations.size() == 1; }));
  EXPECT_FALSE(records.invocations[0].max_memory_used_bytes.has_value());
  EXPECT_FALSE(records.invocations[0].cpu.has_value());
  EXPECT_EQ(log.lines_starting("REPORT ").at(0).find("Max Memory Used"), std::string::npos);
}

TEST_F(RecordOfStubs, IsGivenOutExactlyOnceForEachRequest) {
  auto runtime = (start(), warm_runtime());
  for (int i = 0; i < 20; ++i) {
    auto caller = call("{}");
    const auto id = runtime.serve("1").id;
    EXPECT_EQ(caller.finish().header("x-amzn-RequestId"), id);
    ASSERT_TRUE(until([&] { return records.count(id) == 1; }));
  }
  EXPECT_EQ(records.invocations.size(), 21U);
  EXPECT_EQ(log.count("START "), 21);
  EXPECT_EQ(log.count("END "), 21);
  EXPECT_EQ(log.count("REPORT "), 21);
}

}  // namespace
}  // namespace coldframe::testing
