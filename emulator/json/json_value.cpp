#include "emulator/json/json_value.hpp"

#include <fmt/format.h>

#include <limits>
#include <unordered_set>
#include <utility>

#include "emulator/json/decimal.hpp"
#include "emulator/json/reader.hpp"
#include "emulator/json/utf8.hpp"

namespace coldframe {

const char* to_text(JsonKind kind) {
  switch (kind) {
    case JsonKind::null:
      return "null";
    case JsonKind::boolean:
      return "boolean";
    case JsonKind::number:
      return "number";
    case JsonKind::string:
      return "text";
    case JsonKind::array:
      return "array";
    case JsonKind::object:
      return "object";
  }
  return "null";
}

class JsonTreeBuilder {
 public:
  static constexpr bool k_wants_text = true;

  void open(bool object, std::size_t at) {
    JsonValue value;
    value.kind_ = object ? JsonKind::object : JsonKind::array;
    value.begin_ = at;
    open_.push_back({std::move(value), {}});
  }

  void close(std::size_t end) {
    JsonValue value = std::move(open_.back().value);
    open_.pop_back();
    value.end_ = end;
    if (value.is(JsonKind::object)) mark_duplicates(value);
    add(std::move(value));
  }

  void key(std::string_view decoded, bool) { open_.back().key = decoded; }

  void scalar(JsonKind kind, bool boolean, std::string_view text, bool lone_surrogate,
              std::size_t begin, std::size_t end) {
    JsonValue value;
    value.kind_ = kind;
    value.boolean_ = boolean;
    value.text_ = text;
    value.has_lone_surrogate_ = lone_surrogate;
    value.begin_ = begin;
    value.end_ = end;
    add(std::move(value));
  }

  JsonValue take() { return std::move(root_); }

  static JsonValue text_value(std::string text) {
    JsonValue value;
    value.kind_ = JsonKind::string;
    value.text_ = std::move(text);
    return value;
  }

 private:
  struct Open {
    JsonValue value;
    std::string key;
  };

  void add(JsonValue&& value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return;
    }
    Open& top = open_.back();
    if (top.value.is(JsonKind::array)) {
      top.value.items_.push_back(std::move(value));
    } else {
      top.value.members_.push_back({std::move(top.key), std::move(value), false});
    }
  }

  static void mark_duplicates(JsonValue& object) {
    std::unordered_set<std::string_view> seen;
    for (JsonMember& member : object.members_) {
      member.duplicate = !seen.insert(member.key).second;
      if (member.duplicate) object.has_duplicate_keys_ = true;
    }
  }

  std::vector<Open> open_;
  JsonValue root_;
};

JsonValue JsonValue::of_text(std::string text) {
  return JsonTreeBuilder::text_value(std::move(text));
}

const JsonValue* JsonValue::find(std::string_view key) const {
  for (auto member = members_.rbegin(); member != members_.rend(); ++member) {
    if (member->key == key) return &member->value;
  }
  return nullptr;
}

bool JsonValue::is_finite() const {
  return !is(JsonKind::number) || text_.find_first_of("NI") == std::string::npos;
}

double JsonValue::number() const {
  if (text_ == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text_ == "Infinity") return std::numeric_limits<double>::infinity();
  if (text_ == "-Infinity") return -std::numeric_limits<double>::infinity();
  return Decimal::parse(text_).to_double();
}

ParsedJson parse_json(std::string_view text) {
  JsonScanner scanner(text, {.non_finite_numbers = true});
  JsonTreeBuilder builder;
  if (JsonReader<JsonTreeBuilder>(scanner, builder).read_document()) return builder.take();
  return scanner.take_fault();
}

std::string quote_json(std::string_view text) {
  std::string out = "\"";
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
      ++at;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      if (c == '\n') {
        out += "\\n";
      } else if (c == '\t') {
        out += "\\t";
      } else if (c == '\r') {
        out += "\\r";
      } else {
        out += fmt::format("\\u{:04x}", static_cast<int>(c));
      }
      ++at;
    } else {
      const utf8::Decoded character = utf8::decode(text.substr(at));
      const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
      const bool surrogate = character.length == 0 && byte(0) == 0xED && text.size() - at >= 3 &&
                             byte(1) >= 0xA0 && byte(1) <= 0xBF && (byte(2) & 0xC0) == 0x80;
      if (surrogate) {
        const auto low_bits = [&](std::size_t i) { return byte(i) & 0x3FU; };
        out += fmt::format("\\u{:04x}", 0xD000U | (low_bits(1) << 6) | low_bits(2));
        at += 3;
      } else if (character.length == 0) {
        out += "\\ufffd";
        ++at;
      } else {
        out += text.substr(at, character.length);
        at += character.length;
      }
    }
  }
  out.push_back('"');
  return out;
}

namespace {

// Depth is bounded by the parser, so recursion is safe here.
void write_to(std::string& out, const JsonValue& value) {
  switch (value.kind()) {
    case JsonKind::null:
      out += "null";
      return;
    case JsonKind::boolean:
      out += value.boolean() ? "true" : "false";
      return;
    case JsonKind::number:
      out += value.text();
      return;
    case JsonKind::string:
      out += quote_json(value.text());
      return;
    case JsonKind::array: {
      out.push_back('[');
      bool first = true;
      for (const JsonValue& item : value.items()) {
        if (!first) out.push_back(',');
        first = false;
        write_to(out, item);
      }
      out.push_back(']');
      return;
    }
    case JsonKind::object: {
      out.push_back('{');
      bool first = true;
      for (const JsonMember& member : value.members()) {
        if (!first) out.push_back(',');
        first = false;
        out += quote_json(member.key);
        out.push_back(':');
        write_to(out, member.value);
      }
      out.push_back('}');
      return;
    }
  }
}

}  // namespace

std::string write_json(const JsonValue& value) {
  std::string out;
  write_to(out, value);
  return out;
}

}  // namespace coldframe
