#include "emulator/validate/properties.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/regex.hpp>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string_view>
#include <unordered_map>

#include "emulator/base/spelling.hpp"
#include "emulator/json/decimal.hpp"
#include "emulator/validate/unmatched.hpp"

namespace coldframe {

namespace {

std::string type_name(const JsonValue& value) {
  if (value.is(JsonKind::number) && value.is_finite() &&
      Decimal::parse(value.text()).is_integral()) {
    return "integer";
  }
  return to_text(value.kind());
}

std::string check_range(const JsonValue& value, double low, double high) {
  if (!value.is(JsonKind::number)) return "is not a number";
  const double number = value.number();
  if (number >= low && number <= high) return "";
  return fmt::format("is not in the range from {} to {}", low, high);
}

std::string check_sum(const JsonValue& value, double target, double spread) {
  if (!value.is(JsonKind::array)) return "is not an array";
  double sum = 0;
  double size = 0;
  for (const JsonValue& item : value.items()) {
    if (!item.is(JsonKind::number)) return "holds something that is not a number";
    sum += item.number();
    size += std::abs(item.number());
  }
  // What rounding may have done to it: as much for every addition.
  const double rounding =
      std::numeric_limits<double>::epsilon() * size * static_cast<double>(value.items().size() + 1);
  if (std::abs(sum - target) <= spread + rounding) return "";
  return fmt::format("adds up to {}, not to {} ± {}", sum, target, spread);
}

std::string check_len(const JsonValue& value, std::size_t least, std::size_t most) {
  std::size_t length = 0;
  switch (value.kind()) {
    case JsonKind::string:
      length = value.text().size();
      break;
    case JsonKind::array:
      length = value.items().size();
      break;
    case JsonKind::object:
      length = value.members().size();
      break;
    default:
      return "has no length";
  }
  if (length >= least && length <= most) return "";
  return fmt::format("has length {}, not {} to {}", length, least, most);
}

// Boost's matcher does not recurse, and gives up with an error where a pattern would take forever.
std::string check_regex(const JsonValue& value, const std::string& pattern) {
  if (!value.is(JsonKind::string)) return "is not a text";
  try {
    if (boost::regex_search(value.text(), boost::regex(pattern, boost::regex::ECMAScript))) {
      return "";
    }
  } catch (const std::runtime_error&) {
    return fmt::format("takes too long to match {}", quote_json(pattern));
  }
  return fmt::format("does not match {}", quote_json(pattern));
}

std::string check_type(const JsonValue& value, const std::string& wanted) {
  const std::string actual = type_name(value);
  if (actual == wanted || (wanted == "number" && actual == "integer")) return "";
  return fmt::format("is of type {}, not {}", actual, wanted);
}

using MembersByKey = std::unordered_map<std::string_view, const JsonValue*>;

// Of duplicate keys the last.
MembersByKey members_by_key(const JsonValue& object) {
  MembersByKey members;
  for (const JsonMember& member : object.members())
    members[member.key] = &member.value;
  return members;
}

// Whether both denote the same: 1 is 1.0, and the order of keys says nothing. Recursion is bounded
// by the parser's depth limit.
bool is_same(const JsonValue& a, const JsonValue& b) {
  if (a.kind() != b.kind()) return false;
  if (a.is(JsonKind::number) && a.is_finite() && b.is_finite()) {
    return Decimal::parse(a.text()) == Decimal::parse(b.text());
  }
  if (a.is(JsonKind::array)) {
    return std::equal(a.items().begin(), a.items().end(), b.items().begin(), b.items().end(),
                      is_same);
  }
  if (a.is(JsonKind::object)) {
    const MembersByKey left = members_by_key(a);
    const MembersByKey right = members_by_key(b);
    return left.size() == right.size() &&
           std::all_of(left.begin(), left.end(), [&](const auto& member) {
             const auto other = right.find(member.first);
             return other != right.end() && is_same(*member.second, *other->second);
           });
  }
  return a.text() == b.text() && a.boolean() == b.boolean();
}

// What is wrong with the value, as the end of a sentence that begins with its path; or nothing.
std::string first_broken(const JsonValue& value, const PropertyRule& rule) {
  std::string wrong;
  if (rule.type) wrong = check_type(value, *rule.type);
  if (wrong.empty() && rule.range)
    wrong = check_range(value, rule.range->first, rule.range->second);
  if (wrong.empty() && rule.len) wrong = check_len(value, rule.len->first, rule.len->second);
  if (wrong.empty() && rule.sum) wrong = check_sum(value, rule.sum->first, rule.sum->second);
  if (wrong.empty() && rule.regex) wrong = check_regex(value, *rule.regex);
  if (wrong.empty() && !rule.one_of.empty()) {
    wrong = "is none of the allowed values";
    for (const JsonValue& allowed : rule.one_of) {
      if (is_same(allowed, value)) wrong.clear();
    }
  }
  return wrong;
}

}  // namespace

void check_property_rules(const JsonValue& got, const RuleSet& rules, FindingList& findings) {
  for (const PathRule& rule : rules.rules()) {
    if (rule.property.empty()) continue;
    std::deque<JsonValue> arena;
    const std::vector<Located> places = locate(got, rule.path, arena);
    const auto add = [&findings](std::string path, std::string shown, std::string message) {
      Finding finding;
      finding.kind = FindingKind::property;
      finding.path = std::move(path);
      finding.got = std::move(shown);
      finding.message = std::move(message);
      findings.add(std::move(finding));
    };
    if (places.empty() && !rule.path.has_wildcard()) {
      add(rule.path.text(), "",
          fmt::format("{} does not exist, but has a rule{}", rule.path.text(),
                      did_you_mean(meant_path(got, rule.path), "")));
    }
    for (const Located& place : places) {
      const std::string wrong = first_broken(*place.value, rule.property);
      if (wrong.empty()) continue;
      add(place.path, shortened(write_json(*place.value)), fmt::format("{} {}", place.path, wrong));
    }
  }
}

}  // namespace coldframe
