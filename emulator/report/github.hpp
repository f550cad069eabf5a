// Workflow commands that put failing golden cases beside their lines in a GitHub pull request.
//   std::cout << github_annotations(report);
// GitHub shows ten errors a step: the nine worst and one line for the rest.
#pragma once

#include <string>

#include "emulator/validate/validator.hpp"

namespace coldframe {

std::string github_annotations(const ValidationReport& report);

}  // namespace coldframe
