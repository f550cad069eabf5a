#include "emulator/validate/compare.hpp"

#include <fmt/format.h>

#include "emulator/validate/comparer.hpp"
#include "emulator/validate/properties.hpp"
#include "emulator/validate/unmatched.hpp"

namespace coldframe {

void Comparer::unwanted(const JsonValue& got, const JsonValue* parent) {
  const LeafRule rule = rules_.at(path_, base_);
  if (rule.ignore) return;
  if (!got.is_finite()) {
    const NonFinitePolicy policy = got.text() == "NaN" ? rule.nan : rule.inf;
    if (policy == NonFinitePolicy::fail) {
      fail(FindingKind::non_finite, nullptr, &got,
           fmt::format("{}: not valid JSON for most clients", got.text()));
    }
  }
  flags(got);
  if (got.is(JsonKind::string)) unwanted_text(got, parent, rule);
  for (std::size_t i = 0; i < got.items().size(); ++i) {
    path_.push_index(i);
    unwanted(got.items()[i]);
    path_.pop();
  }
  for (const JsonMember& member : got.members()) {
    path_.push_key(member.key);
    unwanted(member.value, &got);
    path_.pop();
  }
}

Comparison compare(const JsonValue& want, const JsonValue& got, const RuleSet& rules,
                   const Tolerance& base, CompareOptions options) {
  Comparer comparer(want, rules, base, options);
  comparer.values(want, got);
  check_property_rules(got, rules, comparer.findings());
  warn_of_unmatched_rules(&want, got, rules, comparer.findings());
  return comparer.take();
}

Comparison check_properties(const JsonValue& got, const RuleSet& rules, const Tolerance& base) {
  Comparer comparer(got, rules, base, {});
  comparer.unwanted(got);
  check_property_rules(got, rules, comparer.findings());
  warn_of_unmatched_rules(nullptr, got, rules, comparer.findings());
  return comparer.take();
}

}  // namespace coldframe
