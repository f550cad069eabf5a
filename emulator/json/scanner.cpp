#include "emulator/json/scanner.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "emulator/json/utf8.hpp"

namespace coldframe {

namespace {

constexpr std::string_view k_value_list =
    "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_word_part(char c) { return is_letter(c) || is_digit(c) || c == '$'; }
bool is_high_surrogate(std::uint32_t unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool is_low_surrogate(std::uint32_t unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

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
    if (at_end()) return fail_end("expected a digit after the minus sign");
    if (!is_digit(peek())) {
      return fail(at_, fmt::format("Unexpected character ({}) in numeric value: expected digit "
                                   "(0-9) to follow minus sign, for valid numeric value",
                                   described(at_)));
    }
  }
  if (peek() == '0') {
    advance();
    if (!at_end() && is_digit(peek())) {
      return fail(at_, "Invalid numeric value: Leading zeroes not allowed");
    }
  } else {
    read_digits();
  }
  if (!at_end() && peek() == '.') {
    advance();
    if (at_end()) return fail_end("expected a digit after the decimal point");
    if (!read_digits()) {
      return fail(at_, fmt::format("Unexpected character ({}) in numeric value: Decimal point not "
                                   "followed by a digit",
                                   described(at_)));
    }
  }
  if (!at_end() && (peek() == 'e' || peek() == 'E')) {
    advance();
    if (!at_end() && (peek() == '+' || peek() == '-')) advance();
    if (at_end()) return fail_end("expected a digit in the exponent");
    if (!read_digits()) {
      return fail(at_, fmt::format("Unexpected character ({}) in numeric value: Exponent indicator "
                                   "not followed by a digit",
                                   described(at_)));
    }
  }
  if (!at_end() && (is_word_part(peek()) || peek() == '.')) {
    return fail_character("expected space, comma or a close marker after a number");
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
      return fail(at_, fmt::format("Illegal unquoted character ((CTRL-CHAR, code {})): has to be "
                                   "escaped using backslash to be included in {}",
                                   static_cast<int>(c), is_name ? "name" : "string value"));
    } else if (!read_utf8(decoded)) {
      return false;
    }
  }
  return fail(at_, is_name ? "Unexpected end-of-input in field name"
                           : "Unexpected end-of-input: was expecting closing quote for a string "
                             "value");
}

bool JsonScanner::read_utf8(std::string* decoded) {
  const utf8::Decoded character = utf8::decode(text_.substr(at_));
  if (character.length == 0) {
    const std::size_t bad = at_ + character.bad_byte;
    if (bad == text_.size()) {
      return fail(bad, "Unexpected end-of-input in the middle of a UTF-8 character");
    }
    const auto byte = static_cast<unsigned char>(text_[bad]);
    return fail(bad, fmt::format("Invalid UTF-8 {} byte 0x{:x}",
                                 character.bad_byte == 0 ? "start" : "middle", byte));
  }
  if (decoded != nullptr) decoded->append(text_.substr(at_, character.length));
  at_ += character.length;
  return true;
}

bool JsonScanner::read_hex4(std::uint32_t& unit) {
  unit = 0;
  for (int i = 0; i < 4; ++i) {
    if (at_end()) return fail(at_, "Unexpected end-of-input in character escape sequence");
    const char c = peek();
    std::uint32_t digit = 0;
    if (is_digit(c)) {
      digit = static_cast<std::uint32_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<std::uint32_t>(c - 'a' + 10);
    } else if (c >= 'A' && c <= 'F') {
      digit = static_cast<std::uint32_t>(c - 'A' + 10);
    } else {
      return fail_character("expected a hex-digit for character escape sequence");
    }
    unit = unit * 16 + digit;
    advance();
  }
  return true;
}

bool JsonScanner::read_escape(std::string* decoded, bool* lone_surrogate) {
  advance();
  if (at_end()) return fail(at_, "Unexpected end-of-input in character escape sequence");
  constexpr std::string_view k_letters = "\"\\/bfnrt";
  constexpr std::string_view k_meanings = "\"\\/\b\f\n\r\t";
  const char letter = peek();
  if (const std::size_t index = k_letters.find(letter); index != std::string_view::npos) {
    advance();
    if (decoded != nullptr) decoded->push_back(k_meanings[index]);
    return true;
  }
  if (letter != 'u') {
    return fail(at_, fmt::format("Unrecognized character escape {}", described(at_)));
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

bool JsonScanner::fail_value() {
  if (at_end()) return fail_end("expected a value");
  const auto byte = static_cast<unsigned char>(peek());
  if (byte >= 0x80) {
    const utf8::Decoded character = utf8::decode(text_.substr(at_));
    if (character.length == 0) {
      return fail(at_, fmt::format("Invalid UTF-8 start byte 0x{:x}", byte));
    }
  }
  if (!is_letter(peek())) {
    return fail_character(fmt::format("expected a valid value {}", k_value_list));
  }
  std::size_t end = at_;
  while (end < text_.size() && is_word_part(text_[end]))
    ++end;
  const std::string_view word = text_.substr(at_, end - at_);
  if (word == "NaN" || word == "Infinity") {
    return fail(at_, fmt::format("Non-standard token '{}': enable "
                                 "`JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow",
                                 word));
  }
  constexpr std::size_t k_longest_shown = 256;
  return fail(at_, fmt::format("Unrecognized token '{}{}': was expecting {}",
                               word.substr(0, k_longest_shown),
                               word.size() > k_longest_shown ? "..." : "", k_value_list));
}

bool JsonScanner::fail_character(std::string_view expected) {
  return fail(at_, fmt::format("Unexpected character ({}): {}", described(at_), expected));
}

bool JsonScanner::fail_end(std::string_view expected) {
  return fail(text_.size(), fmt::format("Unexpected end-of-input: {}", expected));
}

bool JsonScanner::fail(std::size_t offset, std::string reason) {
  const std::string_view before = text_.substr(0, offset);
  const std::size_t last_break = before.rfind('\n');
  JsonFault fault;
  fault.offset = offset;
  fault.line = 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
  fault.column = last_break == std::string_view::npos ? offset + 1 : offset - last_break;
  fault.message = fmt::format("{}\n at {}", reason, place(offset));
  fault.reason = std::move(reason);
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
