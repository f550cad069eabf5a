#include <gtest/gtest.h>

#include "emulator/bench/summary.hpp"
#include "emulator/report/bench_text.hpp"
#include "tests/unit/bench/bench_fixture.hpp"

namespace coldframe {
namespace {

using namespace bench_fixture;

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
  EXPECT_EQ(report.find("cold_ms")->p50.value.estimate, 1040) << "init and first of one start";
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
  EXPECT_EQ(report.failed_first_inits, 6u);
  EXPECT_EQ(report.launches[0].init_status, InitStatus::error);
  EXPECT_NE(bench_text(report, "f").find("init: every first init failed (error ×6), and ran again"),
            std::string::npos);
  FakeFunction healthy(cold_start);
  const BenchReport well = cold(healthy, 6, options_with());
  EXPECT_EQ(well.failed_first_inits, 0u);
  EXPECT_EQ(well.launches[0].init_status, InitStatus::success);
  EXPECT_EQ(bench_text(well, "f").find("first init"), std::string::npos);
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
  FakeFunction function(
      [](const FakeCall&) -> Result<Observation> { return host_error("no more processes"); });
  const SteppingClock clock;
  const Result<BenchReport> report = ColdBench({2}, options_with(), clock).run(function);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ExitCode::emulator_failed);
}

TEST(ColdBench, KeepsWhatItHadWhenASignalCame) {
  for (const int start : {1, 3}) {
    FakeFunction function([&](const FakeCall& call) -> Result<Observation> {
      if (call.start == start && call.call == (start == 1 ? 1 : 2)) {
        return Error{static_cast<ExitCode>(143), "interrupted by a signal"};
      }
      return cold_start(call);
    });
    const BenchReport report = cold(function, 40, options_with({"errors <= 0"}));
    EXPECT_EQ(static_cast<int>(report.exit_code), 143);
    EXPECT_EQ(report.launches.size(), start == 1 ? 0u : 3u);
    EXPECT_TRUE(report.thresholds.empty()) << "part of a run decides nothing";
    EXPECT_FALSE(report.valid);
    EXPECT_TRUE(report.scenario.stopped_early);
    const std::string reason = start == 1 ? "interrupted by SIGTERM after 0 of 80 calls"
                                          : "interrupted by SIGTERM after 5 of 80 calls";
    EXPECT_EQ(report.reasons, std::vector<std::string>{reason});
    EXPECT_NE(bench_text(report, "f").find("STOPPED   exit 143   " + reason + "\n"),
              std::string::npos);
  }
}

TEST(ColdBench, TellsItsProgress) {
  FakeFunction function(cold_start);
  BenchOptions options = options_with();
  std::vector<std::size_t> done;
  options.progress = [&](const BenchProgress& p) { done.push_back(p.launches_done); };
  cold(function, 3, options);
  EXPECT_EQ(done, (std::vector<std::size_t>{1, 2, 3}));
}

}  // namespace
}  // namespace coldframe
