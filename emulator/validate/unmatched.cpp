#include "emulator/validate/unmatched.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include "emulator/base/spelling.hpp"

namespace coldframe {

namespace {

bool is_somewhere(const JsonValue& root, const PathPattern& pattern) {
  std::deque<JsonValue> arena;
  return !locate(root, pattern, arena).empty();
}

void warn(const PathPattern& path, std::string message, FindingList& findings) {
  Finding finding;
  finding.severity = Severity::warning;
  finding.kind = FindingKind::unmatched_rule;
  finding.path = path.text();
  finding.message = std::move(message);
  findings.add(std::move(finding));
}

// A path with `!` behind what is no text is found all the same, since goldens hold bodies already
// read. Rules hold for the answer, where it is then another place.
std::string meant_without_embedding(const JsonValue& got, const PathPattern& pattern) {
  std::vector<PathStep> steps = pattern.steps();
  const auto is_embedded = [](const PathStep& step) {
    return step.kind == PathStep::Kind::embedded;
  };
  const auto last = std::find_if(steps.rbegin(), steps.rend(), is_embedded);
  if (last == steps.rend()) return "";
  std::deque<JsonValue> arena;
  const PathPattern holder(std::vector<PathStep>(steps.begin(), std::next(last).base()));
  for (const Located& place : locate(got, holder, arena)) {
    if (place.value->is(JsonKind::string)) return "";
  }
  steps.erase(std::next(last).base());
  const PathPattern without(std::move(steps));
  return is_somewhere(got, without) ? without.text() : "";
}

// An `extra` rule may be about a key that is not there, which is fine if the object for it is.
bool is_of_an_absent_key(const JsonValue* want, const JsonValue& got, const PathRule& rule) {
  std::vector<PathStep> steps = rule.path.steps();
  if (!rule.extra || steps.empty() || steps.back().kind != PathStep::Kind::key) return false;
  steps.pop_back();
  const PathPattern object(std::move(steps));
  std::deque<JsonValue> arena;
  const std::vector<Located> places = locate(got, object, arena);
  // An object that is only wanted is missing, which is told elsewhere.
  if (places.empty()) return want != nullptr && is_somewhere(*want, object);
  return std::any_of(places.begin(), places.end(),
                     [](const Located& place) { return place.value->is(JsonKind::object); });
}

void check_label(const JsonValue& want, const PathRule& rule, FindingList& findings) {
  if (!rule.label || is_somewhere(want, rule.label->from)) return;
  warn(rule.path,
       fmt::format("\"from\" {} of the rule {} is nowhere in the wanted answer{}",
                   rule.label->from.text(), rule.path.text(),
                   did_you_mean(meant_path(want, rule.label->from), "")),
       findings);
}

}  // namespace

std::string meant_path(const JsonValue& root, const PathPattern& pattern) {
  const std::vector<PathStep>& steps = pattern.steps();
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].kind == PathStep::Kind::embedded) continue;
    std::vector<PathStep> more = steps;
    more.insert(more.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                PathStep{PathStep::Kind::embedded, {}, 0});
    const PathPattern candidate(std::move(more));
    if (is_somewhere(root, candidate)) return candidate.text();
  }
  return "";
}

void warn_of_unmatched_rules(const JsonValue* want, const JsonValue& got, const RuleSet& rules,
                             FindingList& findings) {
  for (const PathRule& rule : rules.rules()) {
    if (want != nullptr) check_label(*want, rule, findings);
    std::string meant;
    if (is_somewhere(got, rule.path)) {
      meant = meant_without_embedding(got, rule.path);
      if (meant.empty()) continue;
    } else {
      // Rules about a value itself say so on their own, and it is a failure.
      if (!rule.property.empty() && !rule.path.has_wildcard()) continue;
      meant = meant_path(got, rule.path);
      // A place that is only wanted is missing or of another shape, which is told elsewhere. An
      // array may be empty, and an ignored key may be there in other answers only.
      const bool may_be_absent = rule.path.has_wildcard() || rule.ignore.value_or(false) ||
                                 is_of_an_absent_key(want, got, rule) ||
                                 (want != nullptr && is_somewhere(*want, rule.path));
      if (meant.empty() && may_be_absent) continue;
    }
    warn(rule.path,
         fmt::format("rule {} matched nothing{}", rule.path.text(), did_you_mean(meant, "")),
         findings);
  }
}

}  // namespace coldframe
