// What holds for a place: of all rules that cover it, the more specific and then the later one.
#include <algorithm>
#include <utility>

#include "emulator/validate/tolerance.hpp"

namespace coldframe {

void RuleSet::add(PathRule rule) {
  const auto specific = [](const PathRule& r) {
    return std::pair(r.path.length(), r.path.literal_steps());
  };
  const auto place = std::upper_bound(
      rules_.begin(), rules_.end(), rule,
      [&](const PathRule& a, const PathRule& b) { return specific(a) < specific(b); });
  rules_.insert(place, std::move(rule));
}

LeafRule RuleSet::at(const JsonPath& path, const Tolerance& base) const {
  LeafRule leaf;
  leaf.tolerance = base;
  for (const PathRule& rule : rules_) {
    if (!rule.path.covers(path)) continue;
    const bool names_this_place = !rule.everywhere && rule.path.is_at(path);
    if (rule.rtol || rule.atol || rule.decimals) leaf.integers_loose = names_this_place;
    if (rule.rtol) leaf.tolerance.rtol = *rule.rtol;
    if (rule.atol) leaf.tolerance.atol = *rule.atol;
    if (rule.decimals) leaf.decimals = rule.decimals;
    if (rule.ignore) leaf.ignore = *rule.ignore;
    if (rule.embedded) leaf.embedded = rule.embedded;
    if (rule.strict_types) leaf.strict_types = *rule.strict_types;
    if (rule.nan) leaf.nan = *rule.nan;
    if (rule.inf) leaf.inf = *rule.inf;
    if (rule.missing) leaf.missing = *rule.missing;
    if (rule.extra) leaf.extra = *rule.extra;
    if (rule.extra && names_this_place) leaf.extra_named = true;
    if (rule.label && rule.path.is_at(path)) leaf.label = &*rule.label;
  }
  return leaf;
}

}  // namespace coldframe
