#include "emulator/json/utf8.hpp"

namespace coldframe::utf8 {

namespace {

std::uint8_t byte_at(std::string_view bytes, std::size_t index) {
  return static_cast<std::uint8_t>(bytes[index]);
}

struct Lead {
  std::size_t length;  // 0: no character starts with this byte
  std::uint8_t low;    // bounds of the second byte; they exclude overlong forms and surrogates
  std::uint8_t high;
  std::uint8_t bits;  // of the code point in the first byte
};

Lead lead_of(std::uint8_t first) {
  if (first < 0x80) return {1, 0, 0, first};
  if (first < 0xC2) return {0, 0, 0, 0};
  if (first < 0xE0) return {2, 0x80, 0xBF, static_cast<std::uint8_t>(first & 0x1F)};
  if (first < 0xF0) {
    const auto low = static_cast<std::uint8_t>(first == 0xE0 ? 0xA0 : 0x80);
    const auto high = static_cast<std::uint8_t>(first == 0xED ? 0x9F : 0xBF);
    return {3, low, high, static_cast<std::uint8_t>(first & 0x0F)};
  }
  if (first < 0xF5) {
    const auto low = static_cast<std::uint8_t>(first == 0xF0 ? 0x90 : 0x80);
    const auto high = static_cast<std::uint8_t>(first == 0xF4 ? 0x8F : 0xBF);
    return {4, low, high, static_cast<std::uint8_t>(first & 0x07)};
  }
  return {0, 0, 0, 0};
}

}  // namespace

Decoded decode(std::string_view bytes) {
  const Lead lead = lead_of(byte_at(bytes, 0));
  if (lead.length == 0) return {0, 0, 0};
  char32_t code_point = lead.bits;
  for (std::size_t i = 1; i < lead.length; ++i) {
    if (i == bytes.size()) return {0, 0, i};
    const std::uint8_t byte = byte_at(bytes, i);
    const bool fits = i == 1 ? byte >= lead.low && byte <= lead.high : (byte & 0xC0) == 0x80;
    if (!fits) return {0, 0, i};
    code_point = (code_point << 6) | (byte & 0x3F);
  }
  return {lead.length, code_point, 0};
}

void append(std::string& out, char32_t code_point) {
  const auto put = [&out](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | (code_point >> 6));
    put(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    put(0xE0 | (code_point >> 12));
    put(0x80 | ((code_point >> 6) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  } else {
    put(0xF0 | (code_point >> 18));
    put(0x80 | ((code_point >> 12) & 0x3F));
    put(0x80 | ((code_point >> 6) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  }
}

}  // namespace coldframe::utf8
