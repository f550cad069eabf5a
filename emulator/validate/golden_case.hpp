// Golden cases: what to ask a function, and what it must answer.
//
//   Result<GoldenSuite> suite = read_goldens({"golden/cases.jsonl"});
//   if (!suite) return fail(suite.error());      // "golden/cases.jsonl:7: …", exit code 2
//
// One JSON object a line (docs/result-files.md, "Golden files"). Events are kept byte for byte.
// Value types; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/base/error.hpp"
#include "emulator/json/json_value.hpp"
#include "emulator/validate/tolerance.hpp"

namespace coldframe {

struct Expectation {
  enum class Kind {
    value,   // the answer itself
    status,  // {"status":400,"body":…}: a proxy answer, of which only these two are looked at
    error,   // {"error":{"errorType":…}}: a function error
    any,     // {"any":true}: any answer that keeps the rules
  };
  Kind kind = Kind::value;
  JsonValue value;                           // value; status: an object of statusCode and body
  std::optional<std::string> error_type;     // error
  std::optional<std::string> error_message;  // error; compared exactly
  // value: a key that makes it look much like one of the forms; named if the answer lacks it
  std::string form_key;
};

struct GoldenCase {
  std::string id;
  std::string event;  // valid JSON, as it was written
  Expectation expect;
  RuleSet rules;
  std::string label;  // compact JSON; empty if none
  std::vector<std::string> tags;
  std::string file;      // as the caller named it
  std::size_t line = 0;  // from 1
};

struct GoldenSuite {
  std::vector<std::string> files;
  std::vector<GoldenCase> cases;  // never empty after read_goldens; ids are unique
  const GoldenCase* find(std::string_view id) const;
  std::vector<const GoldenCase*> tagged(std::string_view tag) const;
};

Result<GoldenSuite> read_goldens(const std::vector<std::string>& files);

// One line, without its line break. The error's sentence says what is wrong with the line, not
// where it is; `directory` is what @file references are relative to.
Result<GoldenCase> parse_golden_line(std::string_view line, const std::string& directory);

}  // namespace coldframe
