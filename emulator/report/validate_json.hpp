// The result file of `validate`.
//   write_result(path, validate_json(head, report));
#pragma once

#include <string>

#include "emulator/report/result_file.hpp"
#include "emulator/validate/validator.hpp"

namespace coldframe {

std::string validate_json(const ResultHead& head, const ValidationReport& report);

}  // namespace coldframe
