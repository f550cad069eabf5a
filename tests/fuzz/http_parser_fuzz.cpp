// Fuzz target of the HTTP request parser. Whatever the bytes: the same requests come out however
// they are cut, nothing is read beyond a piece, no body grows over its limit, every piece makes
// progress; a head that is read without Beast is one that Beast reads, and reads alike.
//
// Input: one byte that picks the limits, one that picks the cutting, then the stream.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tests/unit/net/parsed_stream.hpp"
#include "tests/unit/net/plain_head_rule.hpp"

namespace {

using namespace coldframe::testing;

constexpr StreamLimits k_limits[] = {{.header = 64 * 1024, .body = 1024 * 1024},
                                     {.header = 64 * 1024, .body = 0},
                                     {.header = 200, .body = 1000},
                                     {.header = 60, .body = 10}};

[[noreturn]] void complain(const char* what, const ParsedStream& got, const ParsedStream& wanted) {
  std::fprintf(
      stderr,
      "%s: %zu requests, failure %d, unfinished %d, '%s'; whole: %zu requests, failure %d, "
      "unfinished %d, '%s'\n",
      what, got.requests.size(), got.failure, got.unfinished, got.broken_rule.c_str(),
      wanted.requests.size(), wanted.failure, wanted.unfinished, wanted.broken_rule.c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  StreamLimits limits = k_limits[data[0] % std::size(k_limits)];
  const unsigned seed = data[1];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const ParsedStream wanted = parse_stream(bytes, whole(), limits);
  if (!wanted.broken_rule.empty()) complain("whole", wanted, wanted);
  if (const auto end = bytes.find("\r\n\r\n"); end != bytes.npos) {
    const std::string differs = broken_plain_head_rule(bytes.substr(0, end + 4));
    if (!differs.empty()) complain(differs.c_str(), wanted, wanted);
  }
  limits.direct = false;
  const auto check = [&](const char* what, const Cut& cut) {
    const ParsedStream got = parse_stream(bytes, cut, limits);
    if (got != wanted) complain(what, got, wanted);
  };
  check("fed whole", whole());
  check("random pieces", random_pieces(seed, 1 + seed));
  check("byte by byte", pieces_of(1));
  return 0;
}
