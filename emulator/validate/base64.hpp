// Base64 as RFC 4648 §4 writes it: padded, no line breaks, unused bits zero.
//   decode_base64("e30=") → "{}";  decode_base64("{}") → nothing
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace coldframe {

std::optional<std::string> decode_base64(std::string_view text);

}  // namespace coldframe
