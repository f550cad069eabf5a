#include "emulator/json/scanner.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "emulator/json/utf8.hpp"

namespace coldframe {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_word_part(char c) { return is_letter(c) || is_digit(c) || c == '$'; }
bool is_high_surrogate(std::uint32_t unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool is_low_surrogate(std::uint32_t unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

std::string plain_byte(unsigned byte) { return fmt::format("byte 0x{:02x} is not UTF-8", byte); }

std::string plain_control(char c) {
  if (c == '\n' || c == '\r') {
    return fmt::format("a line break in a text must be written \\{}; or a double quote is missing",
                       c == '\n' ? 'n' : 'r');
  }
  if (c == '\t') return "a tab in a text must be written \\t";
  return fmt::format("a control character in a text must be written \\u{:04x}",
                     static_cast<int>(c));
}

// What people write who think of Python or JavaScript.
std::string meant_by(std::string_view word) {
  if (word == "True") return "; did you mean true?";
  if (word == "False") return "; did you mean false?";
  if (word == "None" || word == "undefined" || word == "nil") return "; did you mean null?";
  return "; a text needs double quotes";
}

}  // namespace

void JsonScanner::skip_space() {
  while (!at_end() && (peek() == ' ' || peek() == '\n' || peek() == '\r' || peek() == '\t')) {
    advance();
  }
}

bool JsonScanner::read_word(std::string_view word) {
  const std::size_t begin = at_;
  std::size_t end = at_;
  while (end < text_.size() && is_word_part(text_[end]))
    ++end;
  if (text_.substr(begin, end - begin) == word) {
    at_ = end;
    return true;
  }
  return fail_value();
}

bool JsonScanner::read_non_finite() {
  if (!options_.non_finite_numbers) return false;
  for (const std::string_view word : {"NaN", "Infinity", "-Infinity"}) {
    if (text_.substr(at_, word.size()) != word) continue;
    const std::size_t end = at_ + word.size();
    if (end < text_.size() && is_word_part(text_[end])) continue;
    at_ = end;
    return true;
  }
  return false;
}

bool JsonScanner::read_digits() {
  const std::size_t begin = at_;
  while (!at_end() && is_digit(peek()))
    advance();
  return at_ != begin;
}

bool JsonScanner::read_number() {
  if (peek() == '-') {
    advance();
    constexpr const char* k_plain = "a digit is missing after the minus sign";
    if (at_end()) return fail_end("expected a digit after the minus sign", k_plain);
    if (!is_digit(peek())) {
      return fail(at_,
                  fmt::format("Unexpected character ({}) in numeric value: expected digit (0-9) to "
                              "follow minus sign, for valid numeric value",
                              described(at_)),
                  k_plain);
    }
  }
  if (peek() == '0') {
    advance();
    if (!at_end() && is_digit(peek())) {
      return fail(at_, "Invalid numeric value: Leading zeroes not allowed",
                  "a number may not begin with a zero and another digit");
    }
  } else {
    read_digits();
  }
  if (!at_end() && peek() == '.') {
    advance();
    constexpr const char* k_plain = "a digit is missing after the decimal point";
    if (at_end()) return fail_end("expected a digit after the decimal point", k_plain);
    if (!read_digits()) {
      return fail(at_,
                  fmt::format("Unexpected character ({}) in numeric value: Decimal point not "
                              "followed by a digit",
                              described(at_)),
                  k_plain);
    }
  }
  if (!at_end() && (peek() == 'e' || peek() == 'E')) {
    advance();
    if (!at_end() && (peek() == '+' || peek() == '-')) advance();
    constexpr const char* k_plain = "a digit is missing in the exponent of a number";
    if (at_end()) return fail_end("expected a digit in the exponent", k_plain);
    if (!read_digits()) {
      return fail(at_,
                  fmt::format("Unexpected character ({}) in numeric value: Exponent indicator not "
                              "followed by a digit",
                              described(at_)),
                  k_plain);
    }
  }
  if (!at_end() && (is_word_part(peek()) || peek() == '.')) {
    return fail_character("expected space, comma or a close marker after a number",
                          fmt::format("{} cannot follow a number", shown(at_)));
  }
  return true;
}

bool JsonScanner::read_string(bool is_name, std::string* decoded, bool* lone_surrogate) {
  advance();
  while (!at_end()) {
    const char c = peek();
    if (c == '"') {
      advance();
      return true;
    }
    if (c == '\\') {
      if (!read_escape(decoded, lone_surrogate)) return false;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      return fail(
          at_,
          fmt::format("Illegal unquoted character ((CTRL-CHAR, code {})): has to be escaped "
                      "using backslash to be included in {}",
                      static_cast<int>(c), is_name ? "name" : "string value"),
          plain_control(c));
    } else if (!read_utf8(decoded)) {
      return false;
    }
  }
  return fail(at_,
              is_name ? "Unexpected end-of-input in field name"
                      : "Unexpected end-of-input: was expecting closing quote for a string value",
              is_name ? "it ends inside a key; a double quote is missing"
                      : "it ends inside a text; a double quote is missing");
}

bool JsonScanner::read_utf8(std::string* decoded) {
  const utf8::Decoded character = utf8::decode(text_.substr(at_));
  if (character.length == 0) {
    const std::size_t bad = at_ + character.bad_byte;
    if (bad == text_.size()) {
      return fail(bad, "Unexpected end-of-input in the middle of a UTF-8 character",
                  "it ends in the middle of a UTF-8 character");
    }
    const auto byte = static_cast<unsigned char>(text_[bad]);
    return fail(bad,
                fmt::format("Invalid UTF-8 {} byte 0x{:x}",
                            character.bad_byte == 0 ? "start" : "middle", byte),
                plain_byte(byte));
  }
  if (decoded != nullptr) decoded->append(text_.substr(at_, character.length));
  at_ += character.length;
  return true;
}

bool JsonScanner::read_hex4(std::uint32_t& unit) {
  unit = 0;
  for (int i = 0; i < 4; ++i) {
    if (at_end()) return fail_in_escape();
    const char c = peek();
    std::uint32_t digit = 0;
    if (is_digit(c)) {
      digit = static_cast<std::uint32_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<std::uint32_t>(c - 'a' + 10);
    } else if (c >= 'A' && c <= 'F') {
      digit = static_cast<std::uint32_t>(c - 'A' + 10);
    } else {
      return fail_character("expected a hex-digit for character escape sequence",
                            "four hexadecimal digits must follow \\u");
    }
    unit = unit * 16 + digit;
    advance();
  }
  return true;
}

bool JsonScanner::read_escape(std::string* decoded, bool* lone_surrogate) {
  advance();
  if (at_end()) return fail_in_escape();
  constexpr std::string_view k_letters = "\"\\/bfnrt";
  constexpr std::string_view k_meanings = "\"\\/\b\f\n\r\t";
  const char letter = peek();
  if (const std::size_t index = k_letters.find(letter); index != std::string_view::npos) {
    advance();
    if (decoded != nullptr) decoded->push_back(k_meanings[index]);
    return true;
  }
  if (letter != 'u') {
    return fail(
        at_, fmt::format("Unrecognized character escape {}", described(at_)),
        fmt::format("a backslash cannot stand before {}; a backslash itself is \\\\", shown(at_)));
  }
  advance();
  std::uint32_t unit = 0;
  if (!read_hex4(unit)) return false;
  char32_t code_point = unit;
  if (is_high_surrogate(unit) && text_.substr(at_, 2) == "\\u") {
    const std::size_t second = at_;
    at_ += 2;
    std::uint32_t low = 0;
    if (!read_hex4(low)) return false;
    if (is_low_surrogate(low)) {
      code_point = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    } else {
      at_ = second;  // the second escape stands for itself
    }
  }
  if (code_point >= 0xD800 && code_point <= 0xDFFF && lone_surrogate != nullptr) {
    *lone_surrogate = true;
  }
  if (decoded != nullptr) utf8::append(*decoded, code_point);
  return true;
}

bool JsonScanner::fail_in_escape() {
  return fail(at_, "Unexpected end-of-input in character escape sequence",
              "it ends in the middle of an escape");
}

bool JsonScanner::fail_value() {
  if (at_end()) return fail_end("expected a value", "it ends where a value is missing");
  const auto byte = static_cast<unsigned char>(peek());
  if (byte >= 0x80) {
    const utf8::Decoded character = utf8::decode(text_.substr(at_));
    if (character.length == 0) {
      return fail(at_, fmt::format("Invalid UTF-8 start byte 0x{:x}", byte), plain_byte(byte));
    }
  }
  if (!is_letter(peek())) {
    const char c = peek();
    std::string plain = fmt::format("{} cannot begin a value", shown(at_));
    if (c == '\'') plain = "a text needs double quotes, not single ones";
    if (c == '}' || c == ']' || c == ',') plain = fmt::format("a value is missing before '{}'", c);
    return fail_character(fmt::format("expected a valid value {}", k_value_list), std::move(plain));
  }
  std::size_t end = at_;
  while (end < text_.size() && is_word_part(text_[end]))
    ++end;
  const std::string_view word = text_.substr(at_, end - at_);
  if (word == "NaN" || word == "Infinity") {
    return fail(at_,
                fmt::format("Non-standard token '{}': enable "
                            "`JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow",
                            word),
                fmt::format("{} is no JSON number", word));
  }
  constexpr std::size_t k_longest_shown = 256;
  const std::string_view cut = word.size() > k_longest_shown ? "..." : "";
  return fail(at_,
              fmt::format("Unrecognized token '{}{}': was expecting {}",
                          word.substr(0, k_longest_shown), cut, k_value_list),
              fmt::format("{}{} is no value{}", word.substr(0, 40), word.size() > 40 ? "…" : "",
                          meant_by(word)));
}

bool JsonScanner::fail_character(std::string_view expected, std::string plain) {
  return fail(at_, fmt::format("Unexpected character ({}): {}", described(at_), expected),
              std::move(plain));
}

bool JsonScanner::fail_end(std::string_view expected, std::string plain) {
  return fail(text_.size(), fmt::format("Unexpected end-of-input: {}", expected), std::move(plain));
}

bool JsonScanner::fail(std::size_t offset, std::string reason, std::string plain) {
  const std::string_view before = text_.substr(0, offset);
  const std::size_t last_break = before.rfind('\n');
  JsonFault fault;
  fault.offset = offset;
  fault.line = 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
  fault.column = last_break == std::string_view::npos ? offset + 1 : offset - last_break;
  fault.message = fmt::format("{}\n at {}", reason, place(offset));
  fault.plain = std::move(plain);
  fault_ = std::move(fault);
  return false;
}

std::string JsonScanner::place(std::size_t offset) const {
  const std::string_view before = text_.substr(0, offset);
  const std::size_t last_break = before.rfind('\n');
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t column =
      last_break == std::string_view::npos ? offset + 1 : offset - last_break;
  return fmt::format(
      "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {}, "
      "column: {}]",
      line, column);
}

std::string JsonScanner::plain_place(std::size_t offset) const {
  const std::string_view before = text_.substr(0, offset);
  const std::size_t last_break = before.rfind('\n');
  return fmt::format("line {}, column {}", 1 + std::count(before.begin(), before.end(), '\n'),
                     last_break == std::string_view::npos ? offset + 1 : offset - last_break);
}

std::string JsonScanner::shown(std::size_t offset) const {
  const utf8::Decoded character = utf8::decode(text_.substr(offset));
  if (character.length == 0) {
    return fmt::format("byte 0x{:02x}", static_cast<unsigned char>(text_[offset]));
  }
  const auto code = static_cast<std::uint32_t>(character.code_point);
  if (code == '\n') return "a line break";
  if (code == '\'') return "\"'\"";
  if (code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0xFEFF) {
    return fmt::format("the control character U+{:04X}", code);
  }
  return fmt::format("'{}'", text_.substr(offset, character.length));
}

std::string JsonScanner::described(std::size_t offset) const {
  const utf8::Decoded character = utf8::decode(text_.substr(offset));
  if (character.length == 0) {
    return fmt::format("(byte, code {})", static_cast<unsigned char>(text_[offset]));
  }
  const auto code = static_cast<std::uint32_t>(character.code_point);
  if (code < 0x20 || (code >= 0x7F && code < 0xA0))
    return fmt::format("(CTRL-CHAR, code {})", code);
  const std::string_view shown = text_.substr(offset, character.length);
  if (code > 255) return fmt::format("'{}' (code {} / 0x{:x})", shown, code, code);
  return fmt::format("'{}' (code {})", shown, code);
}

}  // namespace coldframe
