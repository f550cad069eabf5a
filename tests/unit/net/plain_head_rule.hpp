// What read_plain_head() takes, Beast must take, and find the same in it. The same section with one
// more header, which only Beast reads, is the witness. Shared by unit tests and the fuzz target.
#pragma once

#include <string>
#include <string_view>

#include "emulator/net/plain_head.hpp"
#include "emulator/net/request_parser.hpp"

namespace coldframe::testing {

// Empty if the rule holds for `section`, else what differs.
inline std::string broken_plain_head_rule(std::string_view section) {
  http::Request plain;
  const auto length = http::read_plain_head(section, plain);
  if (!length) return "";
  const std::string witness =
      std::string(section.substr(0, section.size() - 2)) + "Connection: keep-alive\r\n\r\n";
  http::RequestParser beast(witness.size() + 1024);
  beast.feed(witness);
  if (beast.state() != http::RequestParser::State::head_done) return "Beast refuses it";
  const http::Request& other = beast.request();
  if (plain.method != other.method) return "method";
  if (plain.target != other.target) return "target";
  if (plain.keep_alive != other.keep_alive || plain.chunked != other.chunked) return "flags";
  if (*length != beast.remaining()) return "length";
  if (plain.headers.size() + 1 != other.headers.size()) return "number of headers";
  for (std::size_t i = 0; i < plain.headers.size(); ++i) {
    if (plain.headers.name(i) != other.headers.name(i)) return "name";
    if (plain.headers.value(i) != other.headers.value(i)) return "value";
  }
  return "";
}

}  // namespace coldframe::testing
