// What validation has to say about one place in one answer. Values are kept as compact JSON text,
// cut when long, because a finding outlives the answer it was made from.
//
//   if (worse(a, b)) …      // a belongs above b in a list that shows the worst first
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace coldframe {

enum class FindingKind {
  number,  // outside the tolerance, or not the wanted integer
  text,
  boolean,
  type,  // another JSON type
  missing_key,
  extra_key,
  array_length,
  non_finite,  // NaN or Infinity
  not_json,
  double_encoding,  // JSON text inside a JSON text
  wrong_is_base64_encoded,
  body_not_text,  // a proxy answer whose body is no text
  duplicate_key,
  lone_surrogate,
  big_integer,
  unmatched_rule,     // a rule whose path is nowhere in the answer
  property,           // a rule about the value itself (range, regex, …)
  function_error,     // an error where an answer was wanted
  no_function_error,  // an answer where an error was wanted
  no_answer,          // timeout, crash, out of memory, failed init
};

const char* to_text(FindingKind kind);  // "number", "missing_key", …: the words of result files

enum class Severity { warning, failure };

// In which run of the case it was seen.
enum class Pass { cold, warm, both };
const char* to_text(Pass pass);

struct Finding {
  Severity severity = Severity::failure;
  FindingKind kind = FindingKind::number;
  Pass pass = Pass::cold;
  std::string path;           // "$.body!.score"
  std::string want;           // compact JSON; empty if there is no wanted value
  std::string got;            // compact JSON; empty if there is no value
  std::optional<double> abs;  // |got − want|, finite numbers only
  std::optional<double> allowed;
  std::string message;  // one sentence

  // abs ÷ allowed; infinity where nothing was allowed; absent unless it is about numbers.
  std::optional<double> over() const;
  bool same_place_and_value(const Finding& other) const;
};

// No answer, then answers of another shape, then numbers by how far they are over, then the rest.
bool worse(const Finding& a, const Finding& b);

// Cuts a long text at a character and appends "…".
std::string shortened(std::string text, std::size_t limit = 200);

}  // namespace coldframe
