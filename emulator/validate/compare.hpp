// Is this answer the wanted one? Numbers by tolerance, integers and texts exactly, key order never,
// JSON inside a body text compared inside.
//
//   Comparison c = compare(want, got, case.rules, Tolerance{});
//   if (c.failed()) show(c.findings.front());     // findings come worst first
//
// Pure function; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "emulator/json/json_value.hpp"
#include "emulator/validate/finding.hpp"
#include "emulator/validate/tolerance.hpp"

namespace coldframe {

// More findings of one case than these are counted, not kept (the worst always are).
inline constexpr std::size_t k_kept_findings = 100;

struct Comparison {
  std::vector<Finding> findings;  // worst first
  std::size_t findings_dropped = 0;
  std::optional<double> max_abs;  // largest |got − want| of all numbers compared, if any was
  int quantum_flips = 0;          // allowed by a `decimals` rule
  int near_cut_flips = 0;         // allowed by a `label` rule
  bool failed() const {
    return !findings.empty() && findings.front().severity == Severity::failure;
  }
};

struct CompareOptions {
  bool only_wanted_keys = false;  // extra members of the outermost object are nobody's business
};

Comparison compare(const JsonValue& want, const JsonValue& got, const RuleSet& rules,
                   const Tolerance& base, CompareOptions options = {});

// Without a wanted value: the property rules, and that every number is finite.
Comparison check_properties(const JsonValue& got, const RuleSet& rules, const Tolerance& base);

}  // namespace coldframe
