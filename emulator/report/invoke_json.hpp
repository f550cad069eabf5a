// The result file of `invoke`: every invocation with its record and its payload, byte for byte
// where the payload is JSON, as text where it is not.
//   write_result("-", invoke_json(head, observations));
#pragma once

#include <string>
#include <vector>

#include "emulator/model/function_under_test.hpp"
#include "emulator/report/result_file.hpp"

namespace coldframe {

std::string invoke_json(const ResultHead& head, const std::vector<Observation>& invocations);

}  // namespace coldframe
