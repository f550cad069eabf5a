// Base64 as HTTP headers carry it (RFC 4648, with padding). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace coldframe {

std::string base64_encode(std::string_view bytes);
// Nothing if it is not base64; missing padding is accepted.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace coldframe
