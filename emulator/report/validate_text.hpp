// What `validate` says on a terminal: counts, how far numbers are off, the worst, the verdict and
// how to run the failing cases again.
//
//   std::cout << validate_text(report, {"validate", "function/scoring"});
#pragma once

#include <string>
#include <vector>

#include "emulator/validate/validator.hpp"

namespace coldframe {

// `words`: the command line as the user gave it, without the program's name.
std::string validate_text(const ValidationReport& report, const std::vector<std::string>& words);

}  // namespace coldframe
