// What `validate` says on a terminal: counts, how far numbers are off, the worst, the verdict and
// how to run the failing cases again.
//
//   std::cout << validate_text(report, {"validate", "function/scoring"}, {.result_file =
//   "r.json"});
#pragma once

#include <string>
#include <vector>

#include "emulator/validate/validator.hpp"

namespace coldframe {

struct ValidateTextOptions {
  bool all = false;                   // every case that did not pass, not only the ten worst
  std::string result_file{};          // of this run, for --failed-from; empty: none was written
  std::string program = "coldframe";  // as the user called it, for the line `again`
};

// `words`: the command line as the user gave it, without the program's name.
std::string validate_text(const ValidationReport& report, const std::vector<std::string>& words,
                          const ValidateTextOptions& options = {});

}  // namespace coldframe
