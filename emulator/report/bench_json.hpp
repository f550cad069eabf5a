// The result file of `bench cold` and `bench warm`.
//   write_result(path, bench_json(head, report));
#pragma once

#include <string>

#include "emulator/bench/bench_report.hpp"
#include "emulator/report/result_file.hpp"

namespace coldframe {

std::string bench_json(const ResultHead& head, const BenchReport& report);

}  // namespace coldframe
