// The word that was probably meant by a misspelt one.
//
//   nearest_word("expected", {"id", "event", "expect"})      // "expect"; empty: none is near
//
// At most two mistakes (a letter wrong, missing or too many, two neighbours in the wrong order);
// one where the known word has at most four letters. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace coldframe {

std::string nearest_word(std::string_view word, const std::vector<std::string_view>& known);

// The end of a sentence about a wrong word: "; did you mean 'expect'?", or nothing if none is near.
// `quote` stands on both sides of it; empty for what is typed as it is (an option, a path).
std::string did_you_mean(std::string_view meant, std::string_view quote = "'");

}  // namespace coldframe
