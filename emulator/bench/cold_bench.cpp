#include "emulator/bench/cold_bench.hpp"

#include "emulator/bench/launch_runner.hpp"
#include "emulator/bench/summary.hpp"

namespace coldframe {

Result<BenchReport> ColdBench::run(FunctionUnderTest& function) {
  if (plan_.starts == 0) return usage_error("--starts must be at least 1");
  BenchScenario scenario;
  scenario.kind = BenchKind::cold;
  scenario.launches_requested = plan_.starts;
  scenario.calls_per_launch = 2;
  Result<BenchReport> report = run_launches(function, scenario, options_, clock_);
  if (!report) return report;
  add_summary(report.value());
  conclude(report.value(), options_);
  return report;
}

}  // namespace coldframe
