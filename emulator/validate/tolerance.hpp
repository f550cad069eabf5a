// How near is near enough, and the rules that say so for one place in an answer.
//
//   Tolerance{.rtol = 1e-6, .atol = 1e-9}.allowed(want)      // atol + rtol·|want|
//   rules.at(path)                                            // what holds for that place
//
// The tolerance is asymmetric: only the wanted value scales it. Value types; any thread.
#pragma once

#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "emulator/base/error.hpp"
#include "emulator/json/json_value.hpp"
#include "emulator/validate/json_path.hpp"

namespace coldframe {

struct Tolerance {
  double rtol = 1e-6;
  double atol = 1e-9;
  double allowed(double want) const { return atol + rtol * std::abs(want); }
};

enum class NonFinitePolicy { fail, equal, ignore };
enum class KeyPolicy { fail, warn, ignore };

// A label may differ while the score it comes from lies within `band` of one of `cuts`.
struct LabelRule {
  PathPattern from;
  std::vector<double> cuts;
  double band = 0.0;
};

// Rules about a value itself; they hold in addition to the comparison with a golden.
struct PropertyRule {
  std::optional<std::pair<double, double>> range;  // both ends included
  std::optional<std::string> type;                 // "number", "integer", "text", …
  std::optional<std::string> regex;                // ECMAScript, found anywhere in the text
  std::vector<JsonValue> one_of;
  std::optional<std::pair<std::size_t, std::size_t>> len;  // of a text in bytes, array or object
  std::optional<std::pair<double, double>> sum;            // of an array: target, ± how much
  bool empty() const { return !range && !type && !regex && one_of.empty() && !len && !sum; }
};

// One rule of a golden: it holds for its path and all beneath it (properties: for the path alone).
struct PathRule {
  PathPattern path;
  bool everywhere = false;  // it was given for the whole case, without a path
  std::optional<double> rtol;
  std::optional<double> atol;
  std::optional<int> decimals;  // answers are rounded to that many: one quantum may flip
  std::optional<bool> ignore;
  std::optional<bool> embedded;      // a text here holds JSON
  std::optional<bool> strict_types;  // 1 is not 1.0
  std::optional<NonFinitePolicy> nan;
  std::optional<NonFinitePolicy> inf;
  std::optional<KeyPolicy> missing;
  std::optional<KeyPolicy> extra;
  std::optional<LabelRule> label;
  PropertyRule property;
};

// What holds for one place, after the more specific and then the later rule have won.
struct LeafRule {
  Tolerance tolerance;
  bool integers_loose = false;  // a rule names this very place and gives it a tolerance or decimals
  std::optional<int> decimals;
  bool ignore = false;
  std::optional<bool> embedded;
  bool strict_types = false;
  NonFinitePolicy nan = NonFinitePolicy::fail;
  NonFinitePolicy inf = NonFinitePolicy::fail;
  KeyPolicy missing = KeyPolicy::fail;
  KeyPolicy extra = KeyPolicy::warn;
  bool extra_named = false;  // by a rule for this very place
  const LabelRule* label = nullptr;
};

class RuleSet {
 public:
  void add(PathRule rule);
  const std::vector<PathRule>& rules() const { return rules_; }
  LeafRule at(const JsonPath& path, const Tolerance& base) const;

 private:
  std::vector<PathRule> rules_;  // less specific first, then in the order they were added
};

// The `rules` of a case: an object
//   {"rtol":1e-3,"ignore":["$.id"],"paths":{"$.body!.n":{"atol":1}}}
// or a list of objects that each have a `path`. The error's sentence says what is wrong, not where.
Result<RuleSet> parse_rules(const JsonValue& rules);

}  // namespace coldframe
