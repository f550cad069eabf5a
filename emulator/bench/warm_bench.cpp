#include "emulator/bench/warm_bench.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "emulator/bench/launch_runner.hpp"
#include "emulator/bench/summary.hpp"
#include "emulator/stats/warm_up.hpp"

namespace coldframe {

namespace {

// The cold call never counts as warm, however fast it was. Calls that failed are no warm-up: where
// none after the first was good, there is nothing to find.
void find_warm_ups(BenchReport& report) {
  for (BenchLaunch& launch : report.launches) {
    const bool has_warm_call =
        std::any_of(launch.samples.begin(), launch.samples.end(),
                    [](const BenchSample& sample) { return !sample.cold && sample.error.empty(); });
    if (!has_warm_call) continue;
    std::vector<double> durations;
    for (const BenchSample& sample : launch.samples)
      durations.push_back(sample.duration_ms);
    const std::size_t cold = launch.samples.empty() || !launch.samples.front().cold ? 0 : 1;
    launch.warm_up_calls = std::max(cold, stats::find_warm_up(durations));
  }
}

}  // namespace

Result<BenchReport> WarmBench::run(FunctionUnderTest& function) {
  if (plan_.launches == 0) return usage_error("--launches must be at least 1");
  if (plan_.calls < 2) return usage_error("--calls must be at least 2, since the first is cold");
  BenchScenario scenario;
  scenario.kind = BenchKind::warm;
  scenario.launches_requested = plan_.launches;
  scenario.calls_per_launch = plan_.calls;
  Result<BenchReport> report = run_launches(function, scenario, options_, clock_);
  if (!report) return report;
  find_warm_ups(report.value());
  add_summary(report.value());
  conclude(report.value(), options_);
  return report;
}

}  // namespace coldframe
