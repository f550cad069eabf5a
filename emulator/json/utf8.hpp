// UTF-8 by the byte: decoding with every rule of RFC 3629 (no overlong form, no surrogate, nothing
// above U+10FFFF) and encoding. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace coldframe::utf8 {

struct Decoded {
  std::size_t length = 0;  // bytes of the character; 0 if the bytes are not UTF-8
  char32_t code_point = 0;
  std::size_t bad_byte = 0;  // index of the byte at fault when length is 0
};

// The character at the start of `bytes`, which are not empty. A text cut inside a character has
// bad_byte == bytes.size().
Decoded decode(std::string_view bytes);

// Appends; a surrogate is written as three bytes, which is not valid UTF-8.
void append(std::string& out, char32_t code_point);

}  // namespace coldframe::utf8
