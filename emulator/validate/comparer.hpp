// One comparison in progress; used by compare() alone. Walks the wanted and the got value together
// and keeps the path of where it is. Recursion is bounded by the parser's depth limit.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "emulator/validate/compare.hpp"
#include "emulator/validate/finding_list.hpp"

namespace coldframe {

class Comparer {
 public:
  Comparer(const JsonValue& want_root, const RuleSet& rules, const Tolerance& base,
           CompareOptions options)
      : want_root_(want_root), rules_(rules), base_(base), options_(options) {}

  void values(const JsonValue& want, const JsonValue& got);
  // A value nobody asked for: only what would hurt any client. `parent`: the object it is in.
  void unwanted(const JsonValue& got, const JsonValue* parent = nullptr);
  FindingList& findings() { return findings_; }
  Comparison take();

 private:
  void numbers(const JsonValue& want, const JsonValue& got, const LeafRule& rule);
  void exact_numbers(const JsonValue& want, const JsonValue& got, const LeafRule& rule);
  void near_numbers(const JsonValue& want, const JsonValue& got, const LeafRule& rule);
  void scalars(const JsonValue& want, const JsonValue& got, const LeafRule& rule);
  void arrays(const JsonValue& want, const JsonValue& got);
  void objects(const JsonValue& want, const JsonValue& got);
  void members(const JsonValue& want, const JsonValue& got);
  void member(const JsonValue& want_parent, const JsonValue& got_parent, const JsonValue& want,
              const JsonValue& got);
  // A text that may hold JSON. A body comes with the objects it is in: it may be base64 where the
  // flag beside it says so.
  void embedded(const JsonValue& want, const JsonValue* want_parent, const JsonValue& got,
                const JsonValue* got_parent);
  void embedded_json(const JsonValue& want, const JsonValue& got, const std::string& got_text);
  void unwanted_text(const JsonValue& got, const JsonValue* parent, const LeafRule& rule);
  void types(const JsonValue& want, const JsonValue& got);
  bool non_finite(const JsonValue& want, const JsonValue& got, const LeafRule& rule);
  void flags(const JsonValue& got);
  bool is_near_cut(const LabelRule& label) const;

  Finding make(FindingKind kind, const JsonValue* want, const JsonValue* got, std::string message);
  void fail(FindingKind kind, const JsonValue* want, const JsonValue* got, std::string message) {
    findings_.add(make(kind, want, got, std::move(message)));
  }
  void warn(FindingKind kind, const JsonValue* want, const JsonValue* got, std::string message);
  void note_abs(double abs);

  const JsonValue& want_root_;
  const RuleSet& rules_;
  const Tolerance& base_;
  CompareOptions options_;
  JsonPath path_;
  int embedded_depth_ = 0;
  FindingList findings_;
  Comparison result_;
};

}  // namespace coldframe
