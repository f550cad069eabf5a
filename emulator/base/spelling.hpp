// The word that was probably meant by a misspelt one.
//
//   nearest_word("expected", {"id", "event", "expect"})      // "expect"; empty: none is near
//
// At most two letters wrong, missing or too many; one where the known word has only three. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace coldframe {

std::string nearest_word(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace coldframe
