// What `bench` says on a terminal: percentiles with their intervals, thresholds, and whether the
// run is valid.
//
//   std::cout << bench_text(report, "scoring");
#pragma once

#include <string>

#include "emulator/bench/bench_report.hpp"

namespace coldframe {

std::string bench_text(const BenchReport& report, const std::string& function_name);

}  // namespace coldframe
