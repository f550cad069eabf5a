// The result file of `validate`, written and read again.
//   write_result(path, validate_json(head, report));
//   Result<std::vector<std::string>> ids = failed_ids(text, path);   // of `validate --failed-from`
#pragma once

#include <string>
#include <vector>

#include "emulator/report/result_file.hpp"
#include "emulator/validate/validator.hpp"

namespace coldframe {

std::string validate_json(const ResultHead& head, const ValidationReport& report);

// The cases of a result file that failed or had no answer. Errors (exit code 2) name `file`: it is
// no result file of validate, or there is no such case.
Result<std::vector<std::string>> failed_ids(const std::string& text, const std::string& file);

}  // namespace coldframe
