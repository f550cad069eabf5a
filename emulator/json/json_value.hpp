// A JSON text as a tree that loses nothing worth comparing: numbers keep their text, objects their
// key order and their duplicate keys, and every value knows which bytes it came from.
//
//   Result-like:  auto parsed = parse_json(answer);
//                 if (!parsed) return complain(parsed.fault().message);
//                 if (const JsonValue* body = parsed.value().find("body")) …
//
// More tolerant than check_json in two ways that real runtime clients need: NaN, Infinity and
// -Infinity are numbers (is_finite() is false), and lone surrogate escapes are kept (flagged).
// Value types; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "emulator/json/json_check.hpp"

namespace coldframe {

enum class JsonKind { null, boolean, number, string, array, object };

const char* to_text(JsonKind kind);  // "null", "boolean", "number", "text", "array", "object"

struct JsonMember;

class JsonValue {
 public:
  JsonValue() = default;
  static JsonValue of_text(std::string text);

  JsonKind kind() const { return kind_; }
  bool is(JsonKind kind) const { return kind_ == kind; }
  bool is_container() const { return kind_ == JsonKind::array || kind_ == JsonKind::object; }

  bool boolean() const { return boolean_; }
  // A number as it was written ("1e3", "-0", "NaN"), or a text with its escapes resolved (UTF-8; a
  // lone surrogate is three bytes, as UTF-8 would write it). Empty for the other kinds.
  const std::string& text() const { return text_; }
  const std::vector<JsonValue>& items() const { return items_; }       // of an array
  const std::vector<JsonMember>& members() const { return members_; }  // of an object, in order

  // The member of that name, the last one if there are several, as most readers take it.
  const JsonValue* find(std::string_view key) const;
  bool has_duplicate_keys() const { return has_duplicate_keys_; }
  bool has_lone_surrogate() const { return has_lone_surrogate_; }  // of a text
  bool is_finite() const;                       // false for NaN, Infinity and -Infinity
  double number() const;                        // nearest double; ±infinity if too large for one
  std::size_t begin() const { return begin_; }  // its bytes in the parsed text
  std::size_t end() const { return end_; }

 private:
  friend class JsonTreeBuilder;
  JsonKind kind_ = JsonKind::null;
  bool boolean_ = false;
  bool has_duplicate_keys_ = false;
  bool has_lone_surrogate_ = false;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::string text_;
  std::vector<JsonValue> items_;
  std::vector<JsonMember> members_;
};

struct JsonMember {
  std::string key;
  JsonValue value;
  bool duplicate = false;  // an earlier member has the same key
};

class ParsedJson {
 public:
  ParsedJson(JsonValue value) : content_(std::move(value)) {}  // NOLINT: implicit, like Result
  ParsedJson(JsonFault fault) : content_(std::move(fault)) {}  // NOLINT
  explicit operator bool() const { return content_.index() == 0; }
  const JsonValue& value() const { return std::get<JsonValue>(content_); }
  JsonValue take() { return std::get<JsonValue>(std::move(content_)); }
  const JsonFault& fault() const { return std::get<JsonFault>(content_); }

 private:
  std::variant<JsonValue, JsonFault> content_;
};

ParsedJson parse_json(std::string_view text);

// Compact text; numbers as they were written, lone surrogates as \udXXX.
std::string write_json(const JsonValue& value);
// A JSON string literal for UTF-8 text.
std::string quote_json(std::string_view text);

}  // namespace coldframe
