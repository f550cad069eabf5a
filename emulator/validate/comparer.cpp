#include "emulator/validate/comparer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "emulator/json/decimal.hpp"

namespace coldframe {

Finding Comparer::make(FindingKind kind, const JsonValue* want, const JsonValue* got,
                       std::string message) {
  Finding finding;
  finding.kind = kind;
  finding.path = path_.text();
  if (want != nullptr) finding.want = shortened(write_json(*want));
  if (got != nullptr) finding.got = shortened(write_json(*got));
  finding.message = std::move(message);
  return finding;
}

void Comparer::warn(FindingKind kind, const JsonValue* want, const JsonValue* got,
                    std::string message) {
  Finding finding = make(kind, want, got, std::move(message));
  finding.severity = Severity::warning;
  findings_.add(std::move(finding));
}

void Comparer::note_abs(double abs) {
  if (!std::isfinite(abs)) return;
  result_.max_abs = std::max(result_.max_abs.value_or(0.0), abs);
}

Comparison Comparer::take() {
  findings_.move_to(result_);
  return std::move(result_);
}

void Comparer::values(const JsonValue& want, const JsonValue& got) {
  const LeafRule rule = rules_.at(path_, base_);
  if (rule.ignore) return;
  flags(got);
  if (non_finite(want, got, rule)) return;
  const bool embedded_by_rule = rule.embedded.value_or(false) && !path_.ends_in_key("body");
  if (embedded_by_rule && got.is(JsonKind::string)) {
    embedded(want, nullptr, got, nullptr);
  } else if (want.kind() != got.kind()) {
    types(want, got);
  } else if (want.is(JsonKind::number)) {
    numbers(want, got, rule);
  } else if (want.is(JsonKind::array)) {
    arrays(want, got);
  } else if (want.is(JsonKind::object)) {
    objects(want, got);
  } else {
    scalars(want, got, rule);
  }
}

void Comparer::flags(const JsonValue& got) {
  if (got.has_lone_surrogate()) {
    warn(FindingKind::lone_surrogate, nullptr, &got,
         "a lone surrogate: many clients cannot read this text");
  }
  for (const JsonMember& member : got.members()) {
    if (!member.duplicate) continue;
    warn(FindingKind::duplicate_key, nullptr, nullptr,
         fmt::format("the key {} appears more than once; the last one is compared",
                     quote_json(member.key)));
  }
}

void Comparer::types(const JsonValue& want, const JsonValue& got) {
  if (want.is_container() && got.is(JsonKind::string)) {
    const ParsedJson inner = parse_json(got.text());
    if (inner && inner.value().is_container()) {
      fail(FindingKind::double_encoding, &want, &got,
           fmt::format("an {} was wanted; the answer holds it as JSON inside a text",
                       to_text(want.kind())));
      return;
    }
  }
  fail(FindingKind::type, &want, &got,
       fmt::format("{} wanted, {} got", to_text(want.kind()), to_text(got.kind())));
}

bool Comparer::is_near_cut(const LabelRule& label) const {
  std::deque<JsonValue> arena;
  const std::vector<Located> scores = locate(want_root_, label.from, arena);
  for (const Located& score : scores) {
    if (!score.value->is(JsonKind::number) || !score.value->is_finite()) continue;
    const Decimal at = Decimal::parse(score.value->text());
    // Exactly: scores are rounded to a few decimals, and often lie on the band.
    for (const double cut : label.cuts) {
      if (Decimal::distance(at, Decimal::parse(fmt::format("{}", cut))) <= label.band) return true;
    }
  }
  return false;
}

void Comparer::scalars(const JsonValue& want, const JsonValue& got, const LeafRule& rule) {
  const bool equal =
      want.is(JsonKind::boolean) ? want.boolean() == got.boolean() : want.text() == got.text();
  if (equal) return;
  if (rule.label != nullptr && is_near_cut(*rule.label)) {
    ++result_.near_cut_flips;
    return;
  }
  const bool boolean = want.is(JsonKind::boolean);
  fail(boolean ? FindingKind::boolean : FindingKind::text, &want, &got,
       boolean ? "not the wanted value" : "not the wanted text");
}

void Comparer::arrays(const JsonValue& want, const JsonValue& got) {
  const std::size_t wanted = want.items().size();
  if (wanted != got.items().size()) {
    fail(FindingKind::array_length, &want, &got,
         fmt::format("{} elements wanted, {} got", wanted, got.items().size()));
    for (std::size_t i = 0; i < got.items().size(); ++i) {
      path_.push_index(i);
      unwanted(got.items()[i]);
      path_.pop();
    }
    return;
  }
  for (std::size_t i = 0; i < wanted; ++i) {
    path_.push_index(i);
    values(want.items()[i], got.items()[i]);
    path_.pop();
  }
}

void Comparer::objects(const JsonValue& want, const JsonValue& got) {
  const bool only_wanted = options_.only_wanted_keys && path_.steps().empty();
  members(want, got);
  std::unordered_map<std::string_view, bool> wanted;
  for (const JsonMember& member : want.members())
    wanted.emplace(member.key, true);
  for (const JsonMember& member : got.members()) {
    if (wanted.count(member.key) != 0) continue;
    path_.push_key(member.key);
    const LeafRule rule = rules_.at(path_, base_);
    if (!rule.ignore && (!only_wanted || rule.extra_named)) {
      if (rule.extra == KeyPolicy::fail) {
        fail(FindingKind::extra_key, nullptr, &member.value, "a key that is not wanted");
      } else if (rule.extra == KeyPolicy::warn) {
        warn(FindingKind::extra_key, nullptr, &member.value, "a key that is not wanted");
      }
      unwanted(member.value, &got);
    }
    path_.pop();
  }
}

void Comparer::members(const JsonValue& want, const JsonValue& got) {
  std::unordered_map<std::string_view, const JsonValue*> by_key;
  for (const JsonMember& member : got.members())
    by_key[member.key] = &member.value;
  std::unordered_map<std::string_view, const JsonValue*> wanted;
  for (const JsonMember& member : want.members())
    wanted[member.key] = &member.value;
  for (const JsonMember& candidate : want.members()) {
    if (wanted[candidate.key] != &candidate.value) continue;  // a later duplicate counts
    path_.push_key(candidate.key);
    const auto found = by_key.find(candidate.key);
    if (found != by_key.end()) {
      member(want, got, candidate.value, *found->second);
    } else if (const LeafRule rule = rules_.at(path_, base_); !rule.ignore) {
      if (rule.missing == KeyPolicy::fail) {
        fail(FindingKind::missing_key, &candidate.value, nullptr, "the key is missing");
      } else if (rule.missing == KeyPolicy::warn) {
        warn(FindingKind::missing_key, &candidate.value, nullptr, "the key is missing");
      }
    }
    path_.pop();
  }
}

void Comparer::member(const JsonValue& want_parent, const JsonValue& got_parent,
                      const JsonValue& want, const JsonValue& got) {
  const LeafRule rule = rules_.at(path_, base_);
  if (!path_.ends_in_key("body") || rule.ignore || !rule.embedded.value_or(true)) {
    values(want, got);
  } else if (got.is(JsonKind::string)) {
    flags(got);
    embedded(want, &want_parent, got, &got_parent);
  } else {
    const bool proxy = got_parent.find("statusCode") != nullptr;
    if (proxy && !got.is(JsonKind::null)) {
      warn(FindingKind::body_not_text, nullptr, nullptr,
           "the body beside a statusCode is no text: API Gateway answers 502 to that");
    }
    values(want, got);
  }
}

}  // namespace coldframe
