// Comparisons in a line: texts in, the worst finding out.
//
//   EXPECT_EQ(verdict(compared("1", "2")), "number $");
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "emulator/validate/compare.hpp"

namespace coldframe::compare_fixture {

inline JsonValue json(std::string_view text) {
  ParsedJson parsed = parse_json(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? parsed.take() : JsonValue();
}

inline Comparison compared(std::string_view want, std::string_view got,
                           std::string_view rules = "{}", Tolerance tolerance = {}) {
  const Result<RuleSet> parsed = parse_rules(json(rules));
  EXPECT_TRUE(parsed) << rules << ": " << (parsed ? "" : parsed.error().message);
  return compare(json(want), json(got), parsed ? parsed.value() : RuleSet(), tolerance);
}

// "kind path" of the worst finding, or "same".
inline std::string verdict(const Comparison& comparison) {
  if (!comparison.failed()) return "same";
  const Finding& worst = comparison.findings.front();
  return std::string(to_text(worst.kind)) + " " + worst.path;
}

inline std::string warning(const Comparison& comparison) {
  if (comparison.failed() || comparison.findings.empty()) return "none";
  return std::string(to_text(comparison.findings.front().kind)) + " " +
         comparison.findings.front().path;
}

}  // namespace coldframe::compare_fixture
