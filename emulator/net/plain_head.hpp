// The header section as nearly every client sends it: GET or POST of a path, printable ASCII, at
// most one Content-Length, nothing said about the connection or the transfer. Whatever is not so
// plain is left to Beast, which also decides what is wrong with it; what both read is the same (the
// fuzz target of the parser compares them). A client that shares a core with the emulator pays for
// every cache line of code that a request runs through: here fourteen, there a hundred.
//
//   if (auto length = read_plain_head(section, request)) …  // request.headers, method and target
//   set
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "emulator/net/http_message.hpp"

namespace coldframe::http {

// `section` ends with the empty line. Returns the Content-Length, 0 if none is given; nothing if it
// is not plain: `request` is then as empty as it came.
std::optional<std::size_t> read_plain_head(std::string_view section, Request& request);

}  // namespace coldframe::http
