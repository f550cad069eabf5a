#include "emulator/base/ids.hpp"

#include <sys/random.h>

#include <bit>
#include <random>

namespace coldframe {
namespace {

constexpr char k_hex[] = "0123456789abcdef";

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

std::string IdSource::uuid() {
  std::string out(36, '-');
  std::uint64_t bits = 0;
  int left = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) continue;
    if (left == 0) {
      bits = next();
      left = 16;
    }
    std::uint64_t digit = bits & 0xF;
    bits >>= 4;
    --left;
    if (i == 14) digit = 4;
    if (i == 19) digit = 8 | (digit & 3);
    out[i] = k_hex[digit];
  }
  return out;
}

std::string IdSource::hex(int digits) {
  std::string out(static_cast<std::size_t>(digits), '0');
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i % 16 == 0) bits = next();
    out[i] = k_hex[bits & 0xF];
    bits >>= 4;
  }
  return out;
}

}  // namespace coldframe
