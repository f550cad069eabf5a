// JUnit XML of a validation: one testcase a golden case, with its file and line.
//   write_result(path, junit_xml(report));
// Wrong answers are <failure>, missing ones <error>, cases not run <skipped>; so are wrong answers
// that --max-fail excuses, with their findings in <system-out>.
#pragma once

#include <string>

#include "emulator/validate/validator.hpp"

namespace coldframe {

std::string junit_xml(const ValidationReport& report);

// UTF-8 that XML 1.0 may hold: other characters and broken bytes become U+FFFD.
std::string xml_text(const std::string& text);

}  // namespace coldframe
