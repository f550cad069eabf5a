// Rules whose path is nowhere in an answer: most often `$.body.score`, where the body is a text and
// the place is `$.body!.score`. They would tighten or loosen nothing, and nobody would know.
//
//   warn_of_unmatched_rules(want, got, rules, findings);   // a warning each, never a failure
//   meant_path(got, pattern)                               // "$.body!.score", or "" if no idea
//
// Pure functions; any thread.
#pragma once

#include <string>

#include "emulator/validate/finding_list.hpp"
#include "emulator/validate/tolerance.hpp"

namespace coldframe {

// `want`: nullptr where any answer is right.
void warn_of_unmatched_rules(const JsonValue* want, const JsonValue& got, const RuleSet& rules,
                             FindingList& findings);

// The same path with one `!` more or less, if that is somewhere in `root`; else empty.
std::string meant_path(const JsonValue& root, const PathPattern& pattern);

}  // namespace coldframe
