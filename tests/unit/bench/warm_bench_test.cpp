#include <gtest/gtest.h>

#include <random>

#include "emulator/bench/summary.hpp"
#include "emulator/report/bench_text.hpp"
#include "tests/unit/bench/bench_fixture.hpp"

namespace coldframe {
namespace {

using namespace bench_fixture;

// Launch i is steady at 10 + i ms after a cold call and four slow ones.
Observation warming(const FakeCall& call) {
  const double steady = 10.0 + call.start;
  return timed(call.call <= 5 ? steady * 4 : steady, steady / 2);
}

// The same in every launch.
Observation alike(const FakeCall& call) { return timed(call.call <= 5 ? 40.0 : 10.0); }

TEST(WarmBench, FindsTheWarmUpAndLeavesItOut) {
  FakeFunction function(warming);
  const BenchReport report = warm(function, {8, 40}, options_with());
  EXPECT_EQ(function.starts(), 8);
  EXPECT_EQ(report.launches[0].warm_up_calls, 5u);
  const MetricSummary* calls = report.find("warm_ms");
  ASSERT_NE(calls, nullptr);
  EXPECT_EQ(calls->p50.value.n, 8u * 35u);
  EXPECT_EQ(calls->max, 18.0);
  EXPECT_EQ(report.find("first_ms")->p50.value.n, 8u) << "first calls are one a launch";
}

TEST(WarmBench, TakesTheIntervalOfTheMedianFromLaunchMedians) {
  FakeFunction function(warming);
  const BenchReport report = warm(function, {8, 40}, options_with());
  const BenchEstimate& p50 = report.find("warm_ms")->p50;
  EXPECT_EQ(p50.method, IntervalMethod::launch_medians);
  EXPECT_EQ(p50.launches, 8u);
  EXPECT_EQ(p50.value.lo, 11.0) << "rank 1 of 8 launch medians";
  EXPECT_EQ(p50.value.hi, 18.0) << "rank 8 of 8";
}

TEST(WarmBench, ClaimsNoTailOfAFewLaunchesThatDiffer) {
  FakeFunction function(warming);
  const BenchReport report = warm(function, {8, 40}, options_with({"warm.p90 < 1s"}));
  const BenchEstimate& p90 = report.find("warm_ms")->p90;
  EXPECT_EQ(p90.method, IntervalMethod::effective_calls);
  EXPECT_EQ(p90.effective_n, 8u) << "each launch has a level of its own";
  EXPECT_FALSE(p90.value.hi);
  EXPECT_EQ(p90.for_hi->launches, 29u);
  EXPECT_NE(bench_text(report, "f").find("p90 needs ≈ 29 launches (have 8)"), std::string::npos);
  EXPECT_EQ(report.exit_code, ExitCode::inconclusive);
  EXPECT_EQ(report.reasons, std::vector<std::string>{"warm.p90 < 1s is undecided; about 29 "
                                                     "launches would decide it"});
  FakeFunction again(warming);
  EXPECT_EQ(warm(again, {29, 40}, options_with({"warm.p90 < 1s"})).exit_code, ExitCode::ok);
}

TEST(WarmBench, TakesTheIntervalOfATailFromAllCallsWhereLaunchesAreAlike) {
  FakeFunction function(alike);
  const BenchReport report = warm(function, {10, 40}, options_with());
  const BenchEstimate& p90 = report.find("warm_ms")->p90;
  EXPECT_EQ(p90.effective_n, 350u);
  EXPECT_TRUE(p90.value.lo && p90.value.hi);
  EXPECT_NE(bench_text(report, "f").find("(found); together 200 ms"), std::string::npos)
      << bench_text(report, "f");
}

TEST(WarmBench, SaysHowManyCallsATailNeeds) {
  FakeFunction function(warming);
  const BenchReport report = warm(function, {6, 20}, options_with());
  const BenchEstimate& p99 = report.find("warm_ms")->p99;
  EXPECT_EQ(p99.value.n, 90u);
  EXPECT_FALSE(p99.value.hi);
  EXPECT_EQ(p99.value.needed, 299u);
}

TEST(WarmBench, OffersMoreCallsBeforeMoreLaunches) {
  FakeFunction function(alike);
  const BenchReport report = warm(function, {10, 20}, options_with({"warm.p99 < 1s"}));
  ASSERT_EQ(report.thresholds.size(), 1u);
  EXPECT_EQ(report.thresholds[0].needed, 20u) << "299 calls, 15 good ones a launch";
  EXPECT_EQ(report.thresholds[0].needed_calls, 35u) << "299 ÷ 10, and 5 to warm up";
  EXPECT_EQ(report.reasons,
            std::vector<std::string>{"warm.p99 < 1s is undecided; about --calls 35, or 20 "
                                     "launches, would decide it"});
  FakeFunction again(alike);
  EXPECT_EQ(warm(again, {10, 35}, options_with({"warm.p99 < 1s"})).exit_code, ExitCode::ok);
}

TEST(WarmBench, SaysWhatTheEndThatDecidesTakes) {
  const auto needed = [](WarmPlan shape, const std::string& threshold) {
    FakeFunction function(warming);
    return warm(function, shape, options_with({threshold})).thresholds.at(0).needed;
  };
  EXPECT_EQ(needed({3, 40}, "warm.p90 < 1s"), 29u) << "each launch has a level of its own";
  EXPECT_EQ(needed({1, 40}, "warm.p99 < 1s"), 299u) << "one launch says nothing of the next";
  EXPECT_EQ(needed({29, 40}, "warm.p90 > 1ms"), 36u) << "the lower end takes more";
  EXPECT_EQ(needed({5, 40}, "warm.p50 > 1ms"), 6u);
}

TEST(WarmBench, ClaimsNoTailOfLessThanTenLaunchesHoweverAlike) {
  FakeFunction function(alike);
  const BenchReport report = warm(function, {9, 60}, options_with());
  EXPECT_FALSE(report.find("warm_ms")->p90.value.hi);
  EXPECT_NE(bench_text(report, "f").find("p90 needs ≈ 10 launches (have 9)"), std::string::npos);
  EXPECT_TRUE(report.find("warm_ms")->p50.value.hi);
}

TEST(WarmBench, LabelsTheBandOfTooFewLaunches) {
  FakeFunction function(warming);
  const BenchReport report = warm(function, {1, 40}, options_with({"warm.p50 < 1s"}));
  const BenchEstimate& p50 = report.find("warm_ms")->p50;
  EXPECT_EQ(p50.method, IntervalMethod::within_launch);
  EXPECT_TRUE(p50.value.lo && p50.value.hi);
  EXPECT_EQ(p50.for_hi->launches, 5u);
  EXPECT_EQ(report.thresholds[0].verdict, ThresholdVerdict::undecided)
      << "one launch says nothing about the next";
  EXPECT_EQ(report.thresholds[0].needed, 5u);
  EXPECT_EQ(report.exit_code, ExitCode::inconclusive);
}

TEST(WarmBench, NeverCountsTheColdCallAsWarm) {
  FakeFunction function([](const FakeCall&) { return timed(10); });
  const BenchReport report = warm(function, {6, 10}, options_with());
  EXPECT_EQ(report.launches[0].warm_up_calls, 1u);
  EXPECT_EQ(report.find("warm_ms")->p50.value.n, 54u);
}

TEST(WarmBench, IsInvalidWhenTheEnvironmentIsReplacedInALaunch) {
  FakeFunction function([](const FakeCall& call) {
    if (call.start == 2 && call.call == 6) {
      return broken(InvocationStatus::exit, R"({"errorType":"Runtime.ExitError"})");
    }
    return timed(10);
  });
  function.fail_after_init();
  const BenchReport report = warm(function, {3, 10}, options_with());
  EXPECT_FALSE(report.valid);
  ASSERT_EQ(report.validity_reasons.size(), 2u);
  EXPECT_NE(report.validity_reasons[1].find("replaced"), std::string::npos);
}

TEST(WarmBench, SaysWhatFailedAndNotToCallMore) {
  FakeFunction function([](const FakeCall& call) {
    if (call.call % 5 == 0) return broken(InvocationStatus::function_error, "{}");
    return broken(InvocationStatus::function_error,
                  R"({"errorType":"KeyError","errorMessage":"'features'"})");
  });
  const BenchReport report = warm(function, {6, 10}, options_with());
  EXPECT_FALSE(report.launches[0].warm_up_calls);
  const std::string text = bench_text(report, "f");
  EXPECT_EQ(text.find("--calls"), std::string::npos) << text;
  EXPECT_NE(text.find("warm-up: none to find, since no warm call was good\n"), std::string::npos);
  EXPECT_NE(text.find("most often function_error: KeyError: 'features'\n"), std::string::npos)
      << text;
}

TEST(WarmBench, CountsErrorsTogetherWhateverTheirRequestId) {
  FakeFunction function([](const FakeCall& call) {
    if (call.call % 5 == 0) {
      return broken(InvocationStatus::function_error,
                    R"({"errorType":"KeyError","errorMessage":"x"})");
    }
    return broken(InvocationStatus::exit,
                  R"({"errorType":"Runtime.ExitError","errorMessage":"RequestId: )" +
                      std::to_string(call.start * 100 + call.call) +
                      R"( Error: Runtime exited with error: exit status 9"})");
  });
  function.fail_after_init();
  const std::string text = bench_text(warm(function, {6, 10}, options_with()), "f");
  EXPECT_NE(text.find("most often exit: Runtime.ExitError: Runtime exited with error: exit status "
                      "9\n"),
            std::string::npos)
      << text;
}

TEST(WarmBench, RefusesASingleCall) {
  FakeFunction function(warming);
  const SteppingClock clock;
  const Result<BenchReport> report = WarmBench({5, 1}, options_with(), clock).run(function);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ExitCode::usage);
}

TEST(LaunchPercentile, IsNotFooledByCallsOfOneLaunchResemblingEachOther) {
  // 10 launches whose level differs by ±20 %; calls within one by 1 %. Pooling would claim ±0.3 %.
  std::mt19937_64 random(3);
  std::normal_distribution<double> level(100, 20);
  std::normal_distribution<double> noise(0, 1);
  std::vector<std::vector<double>> launches;
  for (int i = 0; i < 10; ++i) {
    const double own = level(random);
    std::vector<double> calls;
    for (int j = 0; j < 100; ++j)
      calls.push_back(own + noise(random));
    launches.push_back(calls);
  }
  const BenchEstimate p50 = launch_percentile(launches, 0.5);
  EXPECT_GT(*p50.value.hi - *p50.value.lo, 15.0);
}

}  // namespace
}  // namespace coldframe
