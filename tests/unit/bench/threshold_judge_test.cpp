#include <gtest/gtest.h>

#include "emulator/report/bench_text.hpp"
#include "tests/unit/bench/bench_fixture.hpp"

namespace coldframe {
namespace {

using namespace bench_fixture;

TEST(Threshold, PassesOnlyWhenTheUpperEndPasses) {
  FakeFunction function(cold_start);
  // init p50 of 40: estimate 1020, interval 1014…1027.
  const BenchReport report =
      cold(function, 40,
           options_with({"init.p50 < 1028ms", "init.p50 < 1027ms", "init.p50 < 1014ms",
                         "init.p50 <= 1027ms", "init.p50 > 1013ms"}));
  EXPECT_EQ(report.thresholds[0].verdict, ThresholdVerdict::pass);
  EXPECT_EQ(report.thresholds[1].verdict, ThresholdVerdict::undecided);
  EXPECT_EQ(report.thresholds[2].verdict, ThresholdVerdict::fail);
  EXPECT_EQ(report.thresholds[3].verdict, ThresholdVerdict::pass);
  EXPECT_EQ(report.thresholds[4].verdict, ThresholdVerdict::pass);
  EXPECT_EQ(report.thresholds[1].lo, 1014);
  EXPECT_EQ(report.thresholds[1].hi, 1027);
  EXPECT_GT(report.thresholds[1].needed.value_or(0), 40u);
  EXPECT_EQ(report.exit_code, ExitCode::function_failed) << "a failure outweighs undecided";
}

TEST(Threshold, NamesTheStartsThatWouldDecide) {
  FakeFunction function(cold_start);
  const BenchReport report = cold(function, 40, options_with({"cold.p99 < 3s"}));
  ASSERT_EQ(report.thresholds.size(), 1u);
  EXPECT_EQ(report.thresholds[0].verdict, ThresholdVerdict::undecided);
  EXPECT_EQ(report.thresholds[0].needed, 299u) << "all 40 pass: the smallest n with an upper bound";
  EXPECT_EQ(report.exit_code, ExitCode::inconclusive);
}

TEST(Threshold, FailsATailThatIsClearlyOverEvenWithFewStarts) {
  FakeFunction function(cold_start);
  const BenchReport report = cold(function, 40, options_with({"cold.p99 < 100ms"}));
  EXPECT_EQ(report.thresholds[0].verdict, ThresholdVerdict::fail);
}

TEST(Threshold, AddsInitAndFirstForCold) {
  FakeFunction function(cold_start);
  const BenchReport report = cold(function, 10, options_with({"cold.max <= 1030ms"}));
  EXPECT_EQ(report.thresholds[0].value, 1030);
  EXPECT_EQ(report.thresholds[0].verdict, ThresholdVerdict::pass);
}

TEST(Threshold, ComparesCpuMemoryRatioErrorsMaxAndMean) {
  FakeFunction function(cold_start);
  const BenchReport report = cold(
      function, 10,
      options_with({"init.cpu < 1s", "warm.cpu <= 4ms", "memory.peak < 96MB", "cold.ratio <= 50%",
                    "errors < 1", "errors <= 0%", "latency.mean < 22ms", "memory.peak < 95"}));
  for (std::size_t i = 0; i + 1 < report.thresholds.size(); ++i) {
    EXPECT_EQ(report.thresholds[i].verdict, ThresholdVerdict::pass)
        << report.thresholds[i].threshold.expr;
  }
  EXPECT_EQ(report.thresholds.back().verdict, ThresholdVerdict::fail) << "95 MiB < 100 000 010 B";
}

TEST(Threshold, IsUndecidedWhenTheRunDidNotMeasureIt) {
  FakeFunction function([](const FakeCall&) { return timed(5); });
  const BenchReport report = cold(function, 6, options_with({"memory.peak < 1GB"}));
  EXPECT_EQ(report.exit_code, ExitCode::inconclusive);
  ASSERT_EQ(report.thresholds.size(), 1u);
  EXPECT_EQ(report.thresholds[0].verdict, ThresholdVerdict::undecided);
  EXPECT_FALSE(report.thresholds[0].value);
  EXPECT_NE(report.reasons[0].find("did not measure memory.peak"), std::string::npos);
  EXPECT_NE(report.reasons[0].find("init.p50"), std::string::npos);
  EXPECT_EQ(report.reasons[0].find("warm.cpu,"), std::string::npos);
}

TEST(Threshold, OnInitFailsWhereEveryFirstInitFailed) {
  FakeFunction function([](const FakeCall&) { return timed(5); });
  function.without_init_duration();
  for (const char* expr : {"init.p50 < 3s", "init.max > 1ms", "init.cpu < 3s"}) {
    const BenchReport report = cold(function, 6, options_with({expr}));
    ASSERT_EQ(report.thresholds.size(), 1u);
    EXPECT_EQ(report.thresholds[0].verdict, ThresholdVerdict::fail);
    EXPECT_FALSE(report.thresholds[0].value);
    EXPECT_EQ(report.exit_code, ExitCode::function_failed);
    EXPECT_EQ(report.reasons,
              std::vector<std::string>{std::string(expr) +
                                       " does not hold: there is no init to judge, since every "
                                       "first init failed (error ×6)"});
    EXPECT_NE(bench_text(report, "f").find("fail (no init worked at first)"), std::string::npos);
  }
  EXPECT_EQ(cold(function, 6, options_with({"first.p50 < 3s"})).exit_code, ExitCode::ok);
}

TEST(Threshold, IsUndecidedWithoutAGoodSampleAndTheRunStaysInvalid) {
  FakeFunction function([](const FakeCall&) {
    return broken(InvocationStatus::function_error, R"({"errorType":"KeyError"})");
  });
  const BenchReport report = cold(function, 6, options_with({"warm.p50 < 1s", "first.max < 1s"}));
  EXPECT_EQ(report.exit_code, ExitCode::function_failed) << "2 would say that nothing was started";
  ASSERT_EQ(report.thresholds.size(), 2u);
  EXPECT_EQ(report.thresholds[0].verdict, ThresholdVerdict::undecided);
  ASSERT_EQ(report.reasons.size(), 3u);
  EXPECT_EQ(report.reasons[1], "warm.p50 < 1s is undecided: there is no good sample of warm.p50");
}

Observation one_start_in_three_fails(const FakeCall& call) {
  if (call.start % 3 != 0 || call.cold()) return cold_start(call);
  return broken(InvocationStatus::function_error, R"({"errorType":"KeyError"})");
}

TEST(Threshold, OnErrorsAloneDecidesAboutCallsThatFailed) {
  FakeFunction function(one_start_in_three_fails);
  const BenchReport kept = cold(function, 6, options_with({"errors <= 2"}));
  EXPECT_EQ(kept.errors, 2u);
  EXPECT_TRUE(kept.valid);
  EXPECT_EQ(kept.exit_code, ExitCode::ok);
  const BenchReport exceeded = cold(function, 6, options_with({"errors <= 10%"}));
  EXPECT_EQ(exceeded.exit_code, ExitCode::function_failed);
  const BenchReport other = cold(function, 6, options_with({"init.p50 < 60s"}));
  EXPECT_FALSE(other.valid) << "without a limit on errors none is allowed";
}

TEST(Threshold, OnErrorsExcusesNeitherWrongAnswersNorAReplacedEnvironment) {
  FakeFunction wrong(cold_start);
  BenchOptions options = options_with({"errors <= 100%"});
  options.check = [](std::size_t, const InvokeResult&) { return std::optional<std::string>("no"); };
  EXPECT_EQ(cold(wrong, 3, options).exit_code, ExitCode::function_failed);
  FakeFunction dying([](const FakeCall&) {
    return broken(InvocationStatus::exit, R"({"errorType":"Runtime.ExitError"})");
  });
  dying.fail_after_init();
  const BenchReport report = cold(dying, 3, options_with({"errors <= 100%"}));
  EXPECT_FALSE(report.valid);
  EXPECT_NE(report.validity_reasons[0].find("replaced"), std::string::npos);
}

}  // namespace
}  // namespace coldframe
