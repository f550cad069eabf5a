#include "text.hpp"

#include <charconv>

namespace scripted {

namespace {

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::optional<unsigned> hex_number(std::string_view digits) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), value, 16);
  if (digits.empty() || error != std::errc{} || end != digits.end()) return std::nullopt;
  return value;
}

// A number and the unit after it, such as "250" and "ms".
std::pair<std::uint64_t, std::string_view> number_and_unit(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.begin(), text.end(), value);
  if (error != std::errc{}) throw Stop(k_exit_usage, quoted(text) + " is not a number");
  return {value, text.substr(static_cast<std::size_t>(end - text.begin()))};
}

void append_utf8(std::string& out, unsigned code) {
  const auto put = [&out](unsigned byte) { out += static_cast<char>(byte); };
  const auto put_rest = [&](int shift) {
    for (; shift >= 0; shift -= 6)
      put(0x80U | ((code >> shift) & 0x3FU));
  };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0U | (code >> 6U));
    put_rest(0);
  } else if (code < 0x10000) {
    put(0xE0U | (code >> 12U));
    put_rest(6);
  } else {
    put(0xF0U | (code >> 18U));
    put_rest(12);
  }
}

// Walks over a JSON object just well enough to find one of its members; every step says whether
// the text went on as it should.
class JsonWalk {
 public:
  explicit JsonWalk(std::string_view text) : text_(text) {}

  char peek() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != text_.npos)
      ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  bool eat(char wanted) {
    if (peek() != wanted) return false;
    ++at_;
    return true;
  }

  bool read_string(std::string& out) {
    out.clear();
    if (!eat('"')) return false;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] != '\\') {
        out += text_[at_++];
      } else if (!read_escape(out)) {
        return false;
      }
    }
    return eat('"');
  }

  bool skip_value() {
    std::string ignored;
    if (peek() == '"') return read_string(ignored);
    if (peek() != '{' && peek() != '[') {
      while (at_ < text_.size() && std::string_view(",]} \t\r\n").find(text_[at_]) == text_.npos) {
        ++at_;
      }
      return true;
    }
    int depth = 0;
    do {
      const char next = peek();
      if (next == '\0') return false;
      if (next == '"') {
        if (!read_string(ignored)) return false;
        continue;
      }
      if (next == '{' || next == '[') ++depth;
      if (next == '}' || next == ']') --depth;
      ++at_;
    } while (depth > 0);
    return true;
  }

 private:
  bool read_escape(std::string& out) {
    constexpr std::string_view k_names = "\"\\/bfnrt";
    constexpr std::string_view k_meanings = "\"\\/\b\f\n\r\t";
    if (at_ + 1 >= text_.size()) return false;
    const char name = text_[at_ + 1];
    at_ += 2;
    if (const auto known = k_names.find(name); known != k_names.npos) {
      out += k_meanings[known];
      return true;
    }
    if (name != 'u') return false;
    auto code = hex_number(text_.substr(at_, 4));
    if (!code) return false;
    at_ += 4;
    if (*code >= 0xD800 && *code < 0xDC00 && text_.substr(at_, 2) == "\\u") {
      const auto low = hex_number(text_.substr(at_ + 2, 4));
      if (!low || *low < 0xDC00 || *low > 0xDFFF) return false;
      at_ += 6;
      code = 0x10000U + ((*code - 0xD800U) << 10U) + (*low - 0xDC00U);
    }
    append_utf8(out, *code);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::string unescape(std::string_view text) {
  constexpr std::string_view k_names = "nrt0\\;";
  constexpr std::string_view k_meanings("\n\r\t\0\\;", 6);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    const char name = ++i < text.size() ? text[i] : ' ';
    if (const auto known = k_names.find(name); known != k_names.npos) {
      out += k_meanings[known];
      continue;
    }
    const auto code =
        name == 'x' && i + 2 < text.size() ? hex_number(text.substr(i + 1, 2)) : std::nullopt;
    if (!code) {
      throw Stop(k_exit_usage, "unknown escape in " + quoted(text) +
                                   "; known are \\n \\r \\t \\0 \\\\ \\; \\xHH");
    }
    out += static_cast<char>(*code);
    i += 2;
  }
  return out;
}

std::uint64_t parse_number(std::string_view text) {
  const auto [value, unit] = number_and_unit(text);
  if (!unit.empty()) throw Stop(k_exit_usage, quoted(text) + " is not a number");
  return value;
}

std::uint64_t parse_size(std::string_view text) {
  const auto [value, unit] = number_and_unit(text);
  if (unit.empty()) return value;
  if (unit == "KB") return value << 10U;
  if (unit == "MB") return value << 20U;
  if (unit == "GB") return value << 30U;
  throw Stop(k_exit_usage, quoted(text) + " is not a size; write 512, 64KB, 512MB or 1GB");
}

std::chrono::milliseconds parse_duration(std::string_view text) {
  const auto [value, unit] = number_and_unit(text);
  const auto count = static_cast<std::int64_t>(value);
  if (unit == "ms") return std::chrono::milliseconds(count);
  if (unit == "s") return std::chrono::seconds(count);
  if (unit == "m") return std::chrono::minutes(count);
  throw Stop(k_exit_usage, quoted(text) + " is not a duration; write 250ms, 3s or 5m");
}

std::string json_quote(std::string_view text) {
  constexpr std::string_view k_hex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (byte < 0x20) {
      ((out += "\\u00") += k_hex[byte >> 4U]) += k_hex[byte & 15U];
    } else {
      out += c;
    }
  }
  return out += '"';
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view k_digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      const bool there = i + k < bytes.size();
      group = (group << 8U) | (there ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      out += i + k <= bytes.size() ? k_digits[(group >> (18U - 6U * k)) & 63U] : '=';
    }
  }
  return out;
}

std::optional<std::string> json_text_member(std::string_view json, std::string_view key) {
  JsonWalk walk(json);
  if (!walk.eat('{')) return std::nullopt;
  std::string name;
  do {
    if (!walk.read_string(name) || !walk.eat(':')) return std::nullopt;
    if (name == key) {
      std::string value;
      if (!walk.read_string(value)) return std::nullopt;
      return value;
    }
    if (!walk.skip_value()) return std::nullopt;
  } while (walk.eat(','));
  return std::nullopt;
}

}  // namespace scripted
