#include <gtest/gtest.h>

#include <random>

#include "emulator/bench/cold_bench.hpp"
#include "emulator/bench/summary.hpp"
#include "emulator/bench/warm_bench.hpp"
#include "emulator/report/bench_text.hpp"
#include "tests/unit/validate/fake_function.hpp"

namespace coldframe {
namespace {

using std::chrono::milliseconds;
using testing::answer;
using testing::broken;
using testing::FakeCall;
using testing::FakeFunction;

class SteppingClock final : public Clock {
 public:
  TimePoint now() const override { return now_; }
  WallTime wall_now() const override { return {}; }
  void advance(Duration by) { now_ += by; }

 private:
  TimePoint now_{};
};

Observation timed(double duration_ms, double cpu_ms = 0) {
  Observation observation = answer("{}");
  observation.record.duration = Duration(static_cast<std::int64_t>(duration_ms * 1e6));
  observation.latency = observation.record.duration + milliseconds(1);
  if (cpu_ms > 0) observation.record.cpu = Duration(static_cast<std::int64_t>(cpu_ms * 1e6));
  return observation;
}

// Start i has an init of 1000 + i ms, a first call of 20 ms and a second of 5 ms.
Observation cold_start(const FakeCall& call) {
  Observation observation = timed(call.cold() ? 20 : 5, call.cold() ? 18 : 4);
  if (call.cold()) {
    observation.record.init = milliseconds(1000 + call.start);
    observation.record.init_cpu = milliseconds(900);
  }
  observation.record.max_memory_used_bytes = 100'000'000 + call.start;
  return observation;
}

BenchOptions options_with(const std::vector<std::string>& thresholds = {}) {
  BenchOptions options;
  options.events = {"{}"};
  for (const std::string& expr : thresholds) {
    Result<Threshold> threshold = parse_threshold(expr);
    EXPECT_TRUE(threshold) << expr;
    options.thresholds.push_back(threshold.value());
  }
  return options;
}

BenchReport cold(FakeFunction& function, std::size_t starts, const BenchOptions& options) {
  const SteppingClock clock;
  Result<BenchReport> report = ColdBench({starts}, options, clock).run(function);
  EXPECT_TRUE(report) << (report ? "" : report.error().message);
  return report ? report.value() : BenchReport();
}

BenchReport warm(FakeFunction& function, WarmPlan plan, const BenchOptions& options) {
  const SteppingClock clock;
  Result<BenchReport> report = WarmBench(plan, options, clock).run(function);
  EXPECT_TRUE(report) << (report ? "" : report.error().message);
  return report ? report.value() : BenchReport();
}

TEST(ColdBench, MeasuresInitFirstAndSecondCallOfFreshEnvironments) {
  FakeFunction function(cold_start);
  const BenchReport report = cold(function, 40, options_with());
  EXPECT_EQ(function.starts(), 40);
  ASSERT_EQ(report.launches.size(), 40u);
  EXPECT_EQ(report.launches[3].init_ms, 1004);
  ASSERT_EQ(report.launches[3].samples.size(), 2u);
  EXPECT_TRUE(report.launches[3].samples[0].cold);
  EXPECT_FALSE(report.launches[3].samples[1].cold);
  const MetricSummary* init = report.find("init_ms");
  ASSERT_NE(init, nullptr);
  EXPECT_EQ(init->p50.value.estimate, 1020);
  EXPECT_EQ(init->p50.value.lo, 1014) << "rank 14 of 40";
  EXPECT_EQ(init->p50.value.hi, 1027) << "rank 27 of 40";
  EXPECT_EQ(init->p90.value.estimate, 1036);
  EXPECT_EQ(init->p90.value.hi, 1040);
  EXPECT_FALSE(init->p99.value.hi);
  EXPECT_EQ(init->p99.value.needed, 299u);
  EXPECT_EQ(report.find("first_ms")->p50.value.estimate, 20);
  EXPECT_EQ(report.find("warm_ms")->p50.value.estimate, 5);
  EXPECT_EQ(report.find("latency_ms")->p50.value.estimate, 21);
  EXPECT_EQ(report.find("cpu_ms")->max, 18);
  EXPECT_EQ(report.find("init_cpu_ms")->max, 900);
  EXPECT_EQ(report.find("peak_bytes")->max, 100'000'040);
  EXPECT_EQ(report.cold_ratio, 0.5);
  EXPECT_TRUE(report.valid);
  EXPECT_EQ(report.exit_code, ExitCode::ok);
}

TEST(ColdBench, CountsAFirstInitThatFailedIntoColdAndSaysSo) {
  FakeFunction function([](const FakeCall& call) {
    Observation observation = timed(call.cold() ? 1000 : 5);
    if (call.cold())
      observation.latency = milliseconds(11000);  // ten seconds of them are the first
    return observation;
  });
  function.without_init_duration();
  const BenchReport report = cold(function, 6, options_with({"cold.p50 < 5s"}));
  ASSERT_EQ(report.thresholds.size(), 1u);
  EXPECT_EQ(report.thresholds[0].value, 11000);
  EXPECT_EQ(report.exit_code, ExitCode::function_failed);
  EXPECT_NE(bench_text(report, "f").find("init: in 6 of 6 starts the first one failed"),
            std::string::npos);
  FakeFunction healthy(cold_start);
  EXPECT_EQ(bench_text(cold(healthy, 6, options_with()), "f").find("the first one failed"),
            std::string::npos);
}

TEST(ColdBench, LeavesOutWhatWasNotMeasured) {
  FakeFunction function([](const FakeCall&) { return timed(5); });
  const BenchReport report = cold(function, 6, options_with());
  EXPECT_EQ(report.find("cpu_ms"), nullptr);
  EXPECT_EQ(report.find("peak_bytes"), nullptr);
  EXPECT_NE(report.find("init_ms"), nullptr);
}

TEST(ColdBench, TakesEventsInTurnAndTheSameForBothCallsOfAStart) {
  FakeFunction function(cold_start);
  BenchOptions options = options_with();
  options.events = {"1", "2", "3"};
  cold(function, 4, options);
  std::string events;
  for (const FakeCall& call : function.calls())
    events += call.event;
  EXPECT_EQ(events, "11223311");
}

TEST(ColdBench, StopsAtOnceWhenTheFunctionCannotStart) {
  FakeFunction function([](const FakeCall&) {
    return broken(InvocationStatus::init_error,
                  R"({"errorType":"Runtime.ImportModuleError","errorMessage":"no app"})");
  });
  const BenchReport report = cold(function, 40, options_with({"errors < 1"}));
  EXPECT_EQ(function.calls().size(), 1u);
  EXPECT_TRUE(report.cannot_start);
  EXPECT_EQ(report.exit_code, ExitCode::cannot_start);
  EXPECT_EQ(report.reasons[0], "the function cannot start: Runtime.ImportModuleError: no app");
  EXPECT_FALSE(report.valid);
}

TEST(ColdBench, IsInvalidWithFunctionErrorsAndKeepsThemOutOfTheFigures) {
  FakeFunction function([](const FakeCall& call) {
    if (call.start == 2 && !call.cold()) {
      Observation slow = broken(InvocationStatus::timeout, R"({"errorType":"Sandbox.Timedout"})");
      slow.record.duration = milliseconds(3000);
      return slow;
    }
    if (call.start == 3 && call.cold()) {
      return broken(InvocationStatus::function_error, R"({"errorType":"KeyError"})");
    }
    return cold_start(call);
  });
  const BenchReport report = cold(function, 10, options_with());
  EXPECT_FALSE(report.valid);
  EXPECT_EQ(report.errors, 2u);
  EXPECT_EQ(report.validity_reasons[0], "2 of 20 calls failed: function_error ×1, timeout ×1");
  EXPECT_EQ(report.exit_code, ExitCode::function_failed);
  EXPECT_EQ(report.find("warm_ms")->max, 5);
  EXPECT_EQ(report.find("first_ms")->p50.value.n, 9u);
  EXPECT_EQ(report.launches[1].samples[1].error, "timeout: Sandbox.Timedout");
  EXPECT_EQ(report.launches[1].samples[1].duration_ms, 3000) << "the raw sample is kept";
}

TEST(ColdBench, IsInvalidWhenAnAnswerIsWrong) {
  FakeFunction function(cold_start);
  BenchOptions options = options_with();
  options.check = [](std::size_t, const InvokeResult& result) -> std::optional<std::string> {
    return *result.payload == "{}" ? std::optional<std::string>("$.score is missing")
                                   : std::nullopt;
  };
  const BenchReport report = cold(function, 2, options);
  EXPECT_FALSE(report.valid);
  EXPECT_EQ(report.launches[0].samples[0].error, "wrong_answer: $.score is missing");
}

TEST(ColdBench, TakesAnErrorThatTheGoldenWantsAsRight) {
  FakeFunction function([](const FakeCall&) {
    return broken(InvocationStatus::function_error, R"({"errorType":"KeyError"})");
  });
  BenchOptions options = options_with();
  options.check = [](std::size_t, const InvokeResult&) { return std::nullopt; };
  EXPECT_TRUE(cold(function, 2, options).valid);
}

TEST(ColdBench, StopsEarlyAtItsTimeLimitAndSaysSo) {
  SteppingClock clock;
  FakeFunction function([&](const FakeCall& call) {
    clock.advance(milliseconds(500));
    return cold_start(call);
  });
  BenchOptions options = options_with();
  options.max_time = milliseconds(3500);
  const Result<BenchReport> report = ColdBench({40}, options, clock).run(function);
  ASSERT_TRUE(report);
  EXPECT_EQ(report.value().scenario.launches, 4u);
  EXPECT_EQ(report.value().scenario.launches_requested, 40u);
  EXPECT_TRUE(report.value().scenario.stopped_early);
  EXPECT_TRUE(report.value().valid);
}

TEST(ColdBench, RefusesNoStartsAndNoEvent) {
  FakeFunction function(cold_start);
  const SteppingClock clock;
  EXPECT_FALSE(ColdBench({0}, options_with(), clock).run(function));
  EXPECT_FALSE(ColdBench({1}, BenchOptions(), clock).run(function));
  EXPECT_EQ(function.recycles(), 0);
}

TEST(ColdBench, HandsOnAFailureOfTheEmulator) {
  FakeFunction function([](const FakeCall&) -> Result<Observation> {
    return Error{static_cast<ExitCode>(130), "ended by SIGINT"};
  });
  const SteppingClock clock;
  const Result<BenchReport> report = ColdBench({2}, options_with(), clock).run(function);
  ASSERT_FALSE(report);
  EXPECT_EQ(static_cast<int>(report.error().code), 130);
}

TEST(ColdBench, TellsItsProgress) {
  FakeFunction function(cold_start);
  BenchOptions options = options_with();
  std::vector<std::size_t> done;
  options.progress = [&](const BenchProgress& p) { done.push_back(p.launches_done); };
  cold(function, 3, options);
  EXPECT_EQ(done, (std::vector<std::size_t>{1, 2, 3}));
}

// Launch i is steady at 10 + i ms after a cold call and four slow ones.
Observation warming(const FakeCall& call) {
  const double steady = 10.0 + call.start;
  return timed(call.call <= 5 ? steady * 4 : steady, steady / 2);
}

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
  const BenchEstimate& p90 = report.find("warm_ms")->p90;
  EXPECT_EQ(p90.method, IntervalMethod::launch_bootstrap);
  EXPECT_TRUE(p90.value.lo && p90.value.hi);
  EXPECT_GE(*p90.value.hi, p90.value.estimate);
}

TEST(WarmBench, SaysHowManyCallsATailNeeds) {
  FakeFunction function(warming);
  const BenchReport report = warm(function, {6, 20}, options_with());
  const BenchEstimate& p99 = report.find("warm_ms")->p99;
  EXPECT_EQ(p99.value.n, 90u);
  EXPECT_FALSE(p99.value.hi);
  EXPECT_EQ(p99.value.needed, 299u);
}

TEST(WarmBench, LabelsTheBandOfTooFewLaunches) {
  FakeFunction function(warming);
  const BenchReport report = warm(function, {1, 40}, options_with({"warm.p50 < 1s"}));
  const BenchEstimate& p50 = report.find("warm_ms")->p50;
  EXPECT_EQ(p50.method, IntervalMethod::within_launch);
  EXPECT_TRUE(p50.value.lo && p50.value.hi);
  EXPECT_EQ(p50.needed_launches, 5u);
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

TEST(WarmBench, RefusesASingleCall) {
  FakeFunction function(warming);
  const SteppingClock clock;
  const Result<BenchReport> report = WarmBench({5, 1}, options_with(), clock).run(function);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ExitCode::usage);
}

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

TEST(Threshold, ReadsEveryUnitAndOperator) {
  const auto value = [](const char* expr) { return parse_threshold(expr).value().value; };
  EXPECT_EQ(value("init.p50<2s"), 2000);
  EXPECT_EQ(value("init.p50 < 250 ms"), 250);
  EXPECT_EQ(value("warm.p99 >= 1.5ms"), 1.5);
  EXPECT_EQ(value("warm.p99 <= 500us"), 0.5);
  EXPECT_EQ(value("cold.max < 2m"), 120'000);
  EXPECT_EQ(value("cold.max < 1h"), 3'600'000);
  EXPECT_EQ(value("memory.peak < 1GB"), 1024.0 * 1024 * 1024);
  EXPECT_EQ(value("memory.peak < 512"), 512.0 * 1024 * 1024);
  EXPECT_EQ(value("cold.ratio < 5%"), 0.05);
  EXPECT_EQ(value("cold.ratio < 0.05"), 0.05);
  EXPECT_EQ(value("errors <= 0"), 0);
  EXPECT_EQ(parse_threshold("a.b").error().code, ExitCode::usage);
  EXPECT_EQ(parse_threshold("warm.p99>=1ms").value().op, ThresholdOp::greater_equal);
}

TEST(Threshold, RefusesWhatItDoesNotUnderstandInOneSentence) {
  for (const char* expr : {"",
                           "init.p50",
                           "init.p50 = 3s",
                           "init.p50 <",
                           "init.p50 < fast",
                           "init.p50 < 3",
                           "init.p50 < 3MB",
                           "init.p42 < 3s",
                           "boot.p50 < 3s",
                           "memory.peak < 3s",
                           "init < 3s",
                           "init.p50 < -1s",
                           "init.p50 < 3 parsecs",
                           "cost.per_million < 2",
                           "image.size < 1GB",
                           "warm.p90 < baseline +10%",
                           "init.p50 < nan",
                           "init.p50 << 3s",
                           "cold.ratio < 5",
                           "cold.ratio < 500%",
                           "errors < 101%"}) {
    const Result<Threshold> threshold = parse_threshold(expr);
    ASSERT_FALSE(threshold) << expr;
    EXPECT_EQ(threshold.error().code, ExitCode::usage);
    EXPECT_EQ(threshold.error().message.find('\n'), std::string::npos);
  }
  EXPECT_NE(parse_threshold("cold.ratio < 5").error().message.find("5%"), std::string::npos);
  EXPECT_TRUE(parse_threshold("cold.ratio < 1"));
  EXPECT_TRUE(parse_threshold("errors <= 100%"));
  EXPECT_NE(parse_threshold("warm.p90 < baseline +10%").error().message.find("baseline"),
            std::string::npos);
}

TEST(Threshold, ThatNothingCanKeepIsRefusedWithTheOneThatWasMeant) {
  const auto said = [](const char* expr) {
    const Result<Threshold> threshold = parse_threshold(expr);
    EXPECT_FALSE(threshold) << expr;
    return threshold ? "" : threshold.error().message;
  };
  EXPECT_EQ(said("errors < 0"),
            "the threshold \"errors < 0\" can never hold, since errors is never below 0; write "
            "\"errors <= 0\"");
  EXPECT_NE(said("warm.p99 < 0ms").find("\"warm.p99 <= 0ms\""), std::string::npos);
  EXPECT_NE(said("memory.peak < 0").find("\"memory.peak <= 0\""), std::string::npos);
  EXPECT_NE(said("cold.ratio > 1").find("\"cold.ratio >= 100%\""), std::string::npos);
  EXPECT_NE(said("errors > 100%").find("\"errors >= 100%\""), std::string::npos);
  EXPECT_FALSE(check_budget("errors < 0"));
  for (const char* expr : {"errors <= 0", "errors < 1", "errors > 0", "errors > 1", "errors >= 0",
                           "cold.ratio >= 100%", "cold.ratio > 99%", "warm.p99 > 0ms"}) {
    EXPECT_TRUE(parse_threshold(expr)) << expr;
  }
}

TEST(Threshold, OfABudgetMayAlsoNameABaselineCostAndImageSize) {
  for (const char* expr :
       {"warm.p90 < baseline +10%", "warm.p90 < baseline", "init.cpu <= baseline -5 %",
        "cost.per_million < 2.5", "image.size < 1GB", "init.p50 < 3s"}) {
    EXPECT_TRUE(check_budget(expr)) << expr;
  }
  for (const char* expr :
       {"warm.p90 < baseline 10%", "warm.p90 < baseline +", "warm.p90 < baseline +x%",
        "warm.p90 < base", "image.size < 3s", "init.p49 < 3s", "nonsense"}) {
    const Result<void> checked = check_budget(expr);
    ASSERT_FALSE(checked) << expr;
    EXPECT_EQ(checked.error().code, ExitCode::usage);
  }
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
  const BenchEstimate p50 = launch_percentile(launches, 0.5, 1);
  EXPECT_GT(*p50.value.hi - *p50.value.lo, 15.0);
}

}  // namespace
}  // namespace coldframe
