// Base64 as RFC 4648 §4 writes it: padded, no line breaks, unused bits zero.
//   decode_base64("e30=") → "{}";  decode_base64("{}") → nothing
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "emulator/json/json_value.hpp"

namespace coldframe {

std::optional<std::string> decode_base64(std::string_view text);

// Whether the object says that its `body` is base64: "isBase64Encoded": true.
bool is_flagged_base64(const JsonValue& object);

}  // namespace coldframe
