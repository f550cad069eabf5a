// The property rules of a golden (range, type, regex, one_of, len, sum), checked on an answer.
#pragma once

#include "emulator/json/json_value.hpp"
#include "emulator/validate/finding_list.hpp"
#include "emulator/validate/tolerance.hpp"

namespace coldframe {

// Adds a failure for each value that breaks a rule, and for a rule whose place does not exist.
void check_property_rules(const JsonValue& got, const RuleSet& rules, FindingList& findings);

}  // namespace coldframe
