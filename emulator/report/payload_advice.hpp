// What the writer of a function should know of its answer before a client stumbles over it.
//
//   if (auto text = payload_advice(payload); !text.empty()) note(text);
//
// One sentence, or nothing. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace coldframe {

// NaN and Infinity, bare in the answer or inside its text `body`: Python's client writes them, and
// Lambda passes them on.
std::string payload_advice(std::string_view payload);

}  // namespace coldframe
