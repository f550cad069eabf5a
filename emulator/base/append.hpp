// Builds short texts on the hot path from pieces.
//
//   append(line, "END RequestId: ");
//   append(line, record.request_id);
//
// Each `+=` of std::string brings its own copy of the growth and overflow checks to the place where
// it stands; here they exist once. What an invoke runs through must fit the instruction cache
// beside the function's own code.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace coldframe {

[[gnu::noinline]] inline void append(std::string& out, std::string_view text) { out.append(text); }

[[gnu::noinline]] inline void append(std::string& out, std::int64_t number) {
  char text[24];
  out.append(text, std::to_chars(text, text + sizeof text, number).ptr);
}

}  // namespace coldframe
