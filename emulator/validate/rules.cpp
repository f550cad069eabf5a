#include <fmt/format.h>

#include <algorithm>
#include <boost/regex.hpp>
#include <initializer_list>
#include <limits>

#include "emulator/base/spelling.hpp"
#include "emulator/validate/finding.hpp"
#include "emulator/validate/tolerance.hpp"

namespace coldframe {

namespace {

Error given_twice(const std::string& key) {
  return usage_error(fmt::format("\"{}\" is given twice", shortened(key, 40)));
}

// Reads the keys of one rule object into a PathRule; the first thing wrong ends it.
class RuleParser {
 public:
  explicit RuleParser(const JsonValue& object) : object_(object) {}

  // `also` are keys that the caller reads itself.
  Result<PathRule> parse(PathPattern path, std::initializer_list<std::string_view> also) {
    rule_.path = std::move(path);
    for (const JsonMember& member : object_.members()) {
      if (member.duplicate) return given_twice(member.key);
      if (std::find(also.begin(), also.end(), member.key) != also.end()) continue;
      if (Result<void> read = read_key(member.key, member.value); !read) return read.error();
    }
    return std::move(rule_);
  }

 private:
  static constexpr std::string_view k_lower_first = "a pair with the lower number first";

  static Error wants(std::string_view key, std::string_view what) {
    return usage_error(fmt::format("\"{}\" must be {}", key, what));
  }

  Result<void> read_key(const std::string& key, const JsonValue& value) {
    if (key == "rtol") return read_not_negative(key, value, rule_.rtol);
    if (key == "atol") return read_not_negative(key, value, rule_.atol);
    if (key == "decimals") return read_decimals(value);
    if (key == "ignore") return read_switch(key, value, rule_.ignore);
    if (key == "strict_types") return read_switch(key, value, rule_.strict_types);
    if (key == "embedded") return read_embedded(value);
    if (key == "nan") return read_non_finite(key, value, rule_.nan);
    if (key == "inf") return read_non_finite(key, value, rule_.inf);
    if (key == "missing") return read_key_policy(key, value, rule_.missing);
    if (key == "extra") return read_key_policy(key, value, rule_.extra);
    if (key == "label") return read_label(value);
    return read_property(key, value);
  }

  Result<void> read_property(const std::string& key, const JsonValue& value) {
    PropertyRule& property = rule_.property;
    if (key == "range") {
      const double low = -std::numeric_limits<double>::infinity();
      const double high = std::numeric_limits<double>::infinity();
      return read_pair(key, value, low, high, property.range);
    }
    if (key == "sum") return read_sum(value);
    if (key == "len") return read_len(value);
    if (key == "type") return read_type(value);
    if (key == "regex") return read_regex(value);
    if (key == "one_of") {
      if (!value.is(JsonKind::array) || value.items().empty()) {
        return wants(key, "a list of values");
      }
      property.one_of = value.items();
      return {};
    }
    const std::string meant =
        nearest_word(key, {"path", "paths", "rtol", "atol", "decimals", "label", "ignore", "nan",
                           "inf", "extra", "missing", "strict_types", "embedded", "range", "len",
                           "sum", "regex", "type", "one_of"});
    return usage_error(fmt::format("\"{}\" is not a rule that Coldframe knows{}",
                                   shortened(key, 40), did_you_mean(meant)));
  }

  static bool is_finite_number(const JsonValue& value) {
    return value.is(JsonKind::number) && value.is_finite() && std::isfinite(value.number());
  }

  Result<void> read_not_negative(std::string_view key, const JsonValue& value,
                                 std::optional<double>& out) {
    if (!is_finite_number(value) || value.number() < 0) return wants(key, "a number, 0 or more");
    out = value.number();
    return {};
  }

  Result<void> read_decimals(const JsonValue& value) {
    const bool whole = is_finite_number(value) && std::floor(value.number()) == value.number();
    if (!whole || value.number() < 0 || value.number() > 15) {
      return wants("decimals", "a whole number from 0 to 15");
    }
    rule_.decimals = static_cast<int>(value.number());
    return {};
  }

  Result<void> read_switch(std::string_view key, const JsonValue& value, std::optional<bool>& out) {
    if (!value.is(JsonKind::boolean)) return wants(key, "true or false");
    out = value.boolean();
    return {};
  }

  Result<void> read_embedded(const JsonValue& value) {
    if (value.text() != "auto" && value.text() != "off") {
      return wants("embedded", "\"auto\" or \"off\"");
    }
    rule_.embedded = value.text() == "auto";
    return {};
  }

  Result<void> read_non_finite(std::string_view key, const JsonValue& value,
                               std::optional<NonFinitePolicy>& out) {
    if (value.text() == "fail") {
      out = NonFinitePolicy::fail;
    } else if (value.text() == "equal") {
      out = NonFinitePolicy::equal;
    } else if (value.text() == "ignore") {
      out = NonFinitePolicy::ignore;
    } else {
      return wants(key, "\"fail\", \"equal\" or \"ignore\"");
    }
    return {};
  }

  Result<void> read_key_policy(std::string_view key, const JsonValue& value,
                               std::optional<KeyPolicy>& out) {
    if (value.text() == "fail") {
      out = KeyPolicy::fail;
    } else if (value.text() == "warn") {
      out = KeyPolicy::warn;
    } else if (value.text() == "ignore") {
      out = KeyPolicy::ignore;
    } else {
      return wants(key, "\"fail\", \"warn\" or \"ignore\"");
    }
    return {};
  }

  Result<void> read_pair(std::string_view key, const JsonValue& value, double low, double high,
                         std::optional<std::pair<double, double>>& out) {
    const auto is_end = [](const JsonValue& end) {
      return end.is(JsonKind::null) || is_finite_number(end);
    };
    if (value.items().size() != 2 || !is_end(value.items()[0]) || !is_end(value.items()[1])) {
      return wants(key, "a pair of numbers [low, high]; null leaves an end open");
    }
    if (!value.items()[0].is(JsonKind::null)) low = value.items()[0].number();
    if (!value.items()[1].is(JsonKind::null)) high = value.items()[1].number();
    if (low > high) return wants(key, k_lower_first);
    out = {low, high};
    return {};
  }

  Result<void> read_sum(const JsonValue& value) {
    if (value.items().size() != 2 || !is_finite_number(value.items()[0]) ||
        !is_finite_number(value.items()[1]) || value.items()[1].number() < 0) {
      return wants("sum", "a pair [target, ± how much], like [1, 1e-6]");
    }
    rule_.property.sum = {value.items()[0].number(), value.items()[1].number()};
    return {};
  }

  Result<void> read_len(const JsonValue& value) {
    const auto is_count = [](const JsonValue& count) {
      return is_finite_number(count) && count.number() >= 0 && count.number() < 1e9 &&
             std::floor(count.number()) == count.number();
    };
    if (is_count(value)) {
      const auto count = static_cast<std::size_t>(value.number());
      rule_.property.len = {count, count};
      return {};
    }
    if (value.items().size() != 2 || !is_count(value.items()[0]) || !is_count(value.items()[1])) {
      return wants("len", "a count or a pair [least, most]");
    }
    const auto least = static_cast<std::size_t>(value.items()[0].number());
    const auto most = static_cast<std::size_t>(value.items()[1].number());
    if (least > most) return wants("len", k_lower_first);
    rule_.property.len = {least, most};
    return {};
  }

  Result<void> read_type(const JsonValue& value) {
    for (const std::string_view name :
         {"null", "boolean", "number", "integer", "text", "array", "object"}) {
      if (value.is(JsonKind::string) && value.text() == name) {
        rule_.property.type = value.text();
        return {};
      }
    }
    return wants("type",
                 "\"null\", \"boolean\", \"number\", \"integer\", \"text\", \"array\" or "
                 "\"object\"");
  }

  Result<void> read_regex(const JsonValue& value) {
    if (!value.is(JsonKind::string)) return wants("regex", "a text");
    try {
      const boost::regex checked(value.text(), boost::regex::ECMAScript);
    } catch (const boost::regex_error&) {
      return wants("regex", "a regular expression in ECMAScript's form");
    }
    rule_.property.regex = value.text();
    return {};
  }

  Result<void> read_label(const JsonValue& value) {
    const Error shape = wants("label",
                              "an object like {\"from\":\"$.body!.score\",\"cuts\":[70],"
                              "\"band\":0.5}");
    const JsonValue* from = value.find("from");
    const JsonValue* cuts = value.find("cuts");
    const JsonValue* band = value.find("band");
    if (value.members().size() != 3 || from == nullptr || cuts == nullptr || band == nullptr ||
        !from->is(JsonKind::string) || cuts->items().empty() || !is_finite_number(*band) ||
        band->number() < 0) {
      return shape;
    }
    LabelRule label;
    Result<PathPattern> path = PathPattern::parse(from->text());
    if (!path) return path.error();
    label.from = path.value();
    for (const JsonValue& cut : cuts->items()) {
      if (!is_finite_number(cut)) return shape;
      label.cuts.push_back(cut.number());
    }
    label.band = band->number();
    rule_.label = std::move(label);
    return {};
  }

  const JsonValue& object_;
  PathRule rule_;
};

Result<RuleSet> parse_rule_list(const JsonValue& list) {
  RuleSet set;
  for (const JsonValue& entry : list.items()) {
    const JsonValue* path = entry.find("path");
    if (path == nullptr || !path->is(JsonKind::string)) {
      return usage_error("each rule of a list must be an object with a \"path\"");
    }
    Result<PathPattern> pattern = PathPattern::parse(path->text());
    if (!pattern) return pattern.error();
    Result<PathRule> rule = RuleParser(entry).parse(pattern.value(), {"path"});
    if (!rule) return rule.error();
    set.add(std::move(rule).value());
  }
  return set;
}

Result<RuleSet> parse_rule_object(const JsonValue& object) {
  RuleSet set;
  Result<PathRule> all = RuleParser(object).parse({}, {"ignore", "paths"});
  if (!all) return all.error();
  all.value().everywhere = true;
  set.add(std::move(all).value());
  if (const JsonValue* ignore = object.find("ignore")) {
    if (!ignore->is(JsonKind::array)) return usage_error("\"ignore\" must be a list of paths");
    for (const JsonValue& path : ignore->items()) {
      Result<PathPattern> pattern = PathPattern::parse(path.text());
      if (!pattern) return pattern.error();
      PathRule rule;
      rule.path = pattern.value();
      rule.ignore = true;
      set.add(std::move(rule));
    }
  }
  if (const JsonValue* paths = object.find("paths")) {
    if (!paths->is(JsonKind::object)) {
      return usage_error("\"paths\" must be an object of rules by path");
    }
    for (const JsonMember& member : paths->members()) {
      if (member.duplicate) return given_twice(member.key);
      Result<PathPattern> pattern = PathPattern::parse(member.key);
      if (!pattern) return pattern.error();
      if (!member.value.is(JsonKind::object)) {
        return usage_error(fmt::format("the rule for {} must be an object", member.key));
      }
      Result<PathRule> rule = RuleParser(member.value).parse(pattern.value(), {});
      if (!rule) return rule.error();
      set.add(std::move(rule).value());
    }
  }
  return set;
}

}  // namespace

Result<RuleSet> parse_rules(const JsonValue& rules) {
  if (rules.is(JsonKind::array)) return parse_rule_list(rules);
  if (rules.is(JsonKind::object)) return parse_rule_object(rules);
  if (rules.text() == "default") return RuleSet();
  return usage_error("\"rules\" must be an object, a list of objects or \"default\"");
}

}  // namespace coldframe
