#include "emulator/validate/base64.hpp"

#include <cstdint>

namespace coldframe {

namespace {

// 0…63, or 64 for a character that is not of the alphabet.
std::uint32_t value_of(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<std::uint32_t>(c - 'A');
  if (c >= 'a' && c <= 'z') return static_cast<std::uint32_t>(c - 'a' + 26);
  if (c >= '0' && c <= '9') return static_cast<std::uint32_t>(c - '0' + 52);
  if (c == '+') return 62;
  if (c == '/') return 63;
  return 64;
}

}  // namespace

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && !text.empty() && text.back() == '=') {
    text.remove_suffix(1);
    ++padding;
  }
  std::string out;
  out.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  int have = 0;
  for (const char c : text) {
    const std::uint32_t value = value_of(c);
    if (value == 64) return std::nullopt;
    bits = (bits << 6) | value;
    have += 6;
    if (have >= 8) {
      have -= 8;
      out.push_back(static_cast<char>((bits >> have) & 0xFF));
    }
  }
  if ((bits & ((1U << have) - 1)) != 0) return std::nullopt;
  return out;
}

bool is_flagged_base64(const JsonValue& object) {
  const JsonValue* flag = object.find("isBase64Encoded");
  return flag != nullptr && flag->is(JsonKind::boolean) && flag->boolean();
}

}  // namespace coldframe
