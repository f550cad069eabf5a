// From raw samples to percentiles: which sample belongs to which metric, and where its interval
// comes from. Samples with an error belong to none.
//
//   add_summary(report);                            // fills report.summary
//   launch_values(report, "cold")                   // one value a launch, in ms
//   call_values(report, Call::duration)             // warm calls, by launch
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "emulator/bench/bench_report.hpp"

namespace coldframe {

// "init", "init.cpu", "first", "first.cpu", "first.latency", "cold" (init + first), "second",
// "second.cpu", "peak": one value of each launch that has it.
std::vector<double> launch_values(const BenchReport& report, const std::string& metric);

enum class Call { duration, latency, cpu };
// The warm calls of `bench warm`, launch by launch; launches without any are left out.
std::vector<std::vector<double>> call_values(const BenchReport& report, Call which);

void add_summary(BenchReport& report);

// The percentile of calls in launches, with its interval over launches.
BenchEstimate launch_percentile(const std::vector<std::vector<double>>& launches, double p);

}  // namespace coldframe
