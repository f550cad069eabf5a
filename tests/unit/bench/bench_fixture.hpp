// What the tests of benchmarks share: a clock that moves when told, functions with known times, and
// runs that must not fail.
//
//   FakeFunction function(cold_start);
//   const BenchReport report = cold(function, 40, options_with({"init.p50 < 3s"}));
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "emulator/bench/cold_bench.hpp"
#include "emulator/bench/warm_bench.hpp"
#include "tests/unit/validate/fake_function.hpp"

namespace coldframe::bench_fixture {

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

inline Observation timed(double duration_ms, double cpu_ms = 0) {
  Observation observation = answer("{}");
  observation.record.duration = Duration(static_cast<std::int64_t>(duration_ms * 1e6));
  observation.latency = observation.record.duration + milliseconds(1);
  if (cpu_ms > 0) observation.record.cpu = Duration(static_cast<std::int64_t>(cpu_ms * 1e6));
  return observation;
}

// Start i has an init of 1000 + i ms, a first call of 20 ms and a second of 5 ms.
inline Observation cold_start(const FakeCall& call) {
  Observation observation = timed(call.cold() ? 20 : 5, call.cold() ? 18 : 4);
  if (call.cold()) {
    observation.record.init = milliseconds(1000 + call.start);
    observation.record.init_cpu = milliseconds(900);
  }
  observation.record.max_memory_used_bytes = 100'000'000 + call.start;
  return observation;
}

inline BenchOptions options_with(const std::vector<std::string>& thresholds = {}) {
  BenchOptions options;
  options.events = {"{}"};
  for (const std::string& expr : thresholds) {
    Result<Threshold> threshold = parse_threshold(expr);
    EXPECT_TRUE(threshold) << expr;
    options.thresholds.push_back(threshold.value());
  }
  return options;
}

inline BenchReport cold(FakeFunction& function, std::size_t starts, const BenchOptions& options) {
  const SteppingClock clock;
  Result<BenchReport> report = ColdBench({starts}, options, clock).run(function);
  EXPECT_TRUE(report) << (report ? "" : report.error().message);
  return report ? report.value() : BenchReport();
}

inline BenchReport warm(FakeFunction& function, WarmPlan plan, const BenchOptions& options) {
  const SteppingClock clock;
  Result<BenchReport> report = WarmBench(plan, options, clock).run(function);
  EXPECT_TRUE(report) << (report ? "" : report.error().message);
  return report ? report.value() : BenchReport();
}

}  // namespace coldframe::bench_fixture
