// What `validate` says on a terminal: counts, how far numbers are off, the worst, the verdict and
// how to run the failing cases again.
//
//   std::cout << validate_text(report, "coldframe validate function/scoring");
#pragma once

#include <string>

#include "emulator/validate/validator.hpp"

namespace coldframe {

// `again` is the command as the user gave it, without --only.
std::string validate_text(const ValidationReport& report, const std::string& again);

}  // namespace coldframe
