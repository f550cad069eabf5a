// Runs the launches of a benchmark and notes every call; used by ColdBench and WarmBench alone.
#pragma once

#include "emulator/bench/bench_options.hpp"
#include "emulator/bench/bench_report.hpp"

namespace coldframe {

// Checks the options, runs `launches` × `calls`, stops early for max_time or a function that cannot
// start, and fills in everything of the report that is counted, not estimated.
Result<BenchReport> run_launches(FunctionUnderTest& function, BenchScenario scenario,
                                 const BenchOptions& options, const Clock& clock);

// Thresholds, validity and the exit code, once the summary is there.
void conclude(BenchReport& report, const BenchOptions& options);

}  // namespace coldframe
