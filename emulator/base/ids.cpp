#include "emulator/base/ids.hpp"

#include <sys/random.h>

#include <bit>
#include <iterator>
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

void IdSource::append_hex(std::string& out, int digits) {
  std::uint64_t bits = 0;
  for (int i = 0; i < digits; ++i) {
    if (i % 16 == 0) bits = next();
    out += k_hex[bits & 0xF];
    bits >>= 4;
  }
}

std::string IdSource::uuid() {
  const std::uint64_t words[] = {next(), next()};
  // Where each byte's two digits stand in 8-4-4-4-12.
  static constexpr unsigned char k_at[] = {0,  2,  4,  6,  9,  11, 14, 16,
                                           19, 21, 24, 26, 28, 30, 32, 34};
  std::string out(36, '-');
  for (std::size_t i = 0; i < std::size(k_at); ++i) {
    const auto byte = static_cast<unsigned>(words[i / 8] >> (8 * (i % 8))) & 0xFF;
    out[k_at[i]] = k_hex[byte >> 4];
    out[k_at[i] + 1U] = k_hex[byte & 0xF];
  }
  out[14] = '4';                                  // version
  out[19] = k_hex[8 | ((words[1] & 0xFF) >> 6)];  // variant
  return out;
}

std::string IdSource::hex(int digits) {
  std::string out;
  append_hex(out, digits);
  return out;
}

std::string IdSource::trace_id(std::string_view root) {
  std::string out;
  out.reserve(80);
  out += "Root=";
  if (root.empty()) {
    out += "1-";
    append_hex(out, 8);
    out += '-';
    append_hex(out, 24);
  } else {
    out += root;
  }
  out += ";Parent=";
  append_hex(out, 16);
  out += ";Sampled=0";
  return out;
}

}  // namespace coldframe
