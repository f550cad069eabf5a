#include "emulator/base/ids.hpp"

#include <sys/random.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <random>

#include "emulator/base/append.hpp"

namespace coldframe {
namespace {

// Eight lower-case digits, the lowest four bits first; all of them at once, a byte each.
void write_hex(char* out, std::uint32_t bits) {
  std::uint64_t nibbles = bits;
  nibbles = (nibbles | nibbles << 16) & 0x0000FFFF0000FFFF;
  nibbles = (nibbles | nibbles << 8) & 0x00FF00FF00FF00FF;
  nibbles = (nibbles | nibbles << 4) & 0x0F0F0F0F0F0F0F0F;
  const std::uint64_t letters = (nibbles + 0x0606060606060606) >> 4 & 0x0101010101010101;
  nibbles += 0x3030303030303030 + letters * ('a' - '0' - 10);
  std::memcpy(out, &nibbles, sizeof nibbles);
}

}  // namespace

IdSource::IdSource() {
  if (::getrandom(state_, sizeof state_, 0) != static_cast<ssize_t>(sizeof state_)) {
    std::random_device device;
    for (auto& word : state_)
      word = static_cast<std::uint64_t>(device()) << 32 | device();
  }
  state_[0] |= 1;  // all zeros would stay zeros
}

// xoshiro256++ (Blackman and Vigna, public domain algorithm).
std::uint64_t IdSource::next() {
  const std::uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
  const std::uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

void IdSource::append_hex(std::string& out, int digits) {
  for (; digits > 0; digits -= 8) {
    char text[8];
    write_hex(text, static_cast<std::uint32_t>(next()));
    append(out, {text, static_cast<std::size_t>(std::min(digits, 8))});
  }
}

std::string IdSource::uuid() {
  std::string out;
  uuid(out);
  return out;
}

void IdSource::uuid(std::string& out) {
  char digits[32];
  std::uint64_t bits = 0;
  for (int i = 0; i < 4; ++i) {
    bits = next();
    write_hex(digits + 8 * i, static_cast<std::uint32_t>(bits));
  }
  digits[12] = '4';                  // version
  digits[16] = "89ab"[bits >> 62U];  // variant
  char text[36];
  constexpr struct {
    int at, from, size;
  } k_parts[] = {{0, 0, 8}, {9, 8, 4}, {14, 12, 4}, {19, 16, 4}, {24, 20, 12}};
  for (const auto& part : k_parts) {
    std::memcpy(text + part.at, digits + part.from, static_cast<std::size_t>(part.size));
    if (part.at > 0) text[part.at - 1] = '-';
  }
  out.assign(text, sizeof text);
}

std::string IdSource::hex(int digits) {
  std::string out;
  append_hex(out, digits);
  return out;
}

std::string IdSource::trace_id(std::string_view root) {
  std::string out;
  out.reserve(80);
  append(out, "Root=");
  if (root.empty()) {
    append(out, "1-");
    append_hex(out, 8);
    append(out, "-");
    append_hex(out, 24);
  } else {
    append(out, root);
  }
  append(out, ";Parent=");
  append_hex(out, 16);
  append(out, ";Sampled=0");
  return out;
}

}  // namespace coldframe
