// Is this text JSON, and if not, why? Strict RFC 8259 with valid UTF-8; numbers of any size and
// duplicate keys are fine; at most 1000 open arrays and objects.
//
//   if (auto fault = check_json(body)) return refuse(400, prefix + fault->message);
//   if (auto fault = check_json(file)) return usage_error(place + "not JSON: " + fault->plain);
//
// The slow path behind a fast parser: one pass, no recursion, no allocation but for the nesting.
// Pure function; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace coldframe {

inline constexpr std::size_t k_json_max_depth = 1000;

struct JsonFault {
  std::size_t offset = 0;  // byte at fault, from 0; the size of the text if it ended too early
  std::size_t line = 1;    // from 1
  std::size_t column = 1;  // in bytes, from 1
  std::string message;     // as Lambda's Java parser words it, with its " at [Source: …]" line
  std::string plain;       // for the writer of the text: "a comma is missing before 'x'"
};

std::optional<JsonFault> check_json(std::string_view text);

}  // namespace coldframe
