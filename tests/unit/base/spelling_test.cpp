// The word that was meant: near enough to be likely, and silent where it would be a guess.
#include "emulator/base/spelling.hpp"

#include <gtest/gtest.h>

namespace coldframe {
namespace {

TEST(NearestWord, ForgivesTwoLettersOfALongWord) {
  for (const char* written : {"expects", "expct", "epxect", "exepct", "xpect", "expectat"})
    EXPECT_EQ(nearest_word(written, {"id", "event", "expect"}), "expect") << written;
  EXPECT_EQ(nearest_word("expectation", {"id", "event", "expect"}), "");
}

TEST(NearestWord, ForgivesOneLetterOfAShortWordSinceTwoMakeAnother) {
  EXPECT_EQ(nearest_word("lenn", {"len", "sum"}), "len");
  EXPECT_EQ(nearest_word("tpe", {"type", "path"}), "type");
  EXPECT_EQ(nearest_word("tap", {"type", "path"}), "");
  EXPECT_EQ(nearest_word("bath", {"type", "path"}), "path");
  EXPECT_EQ(nearest_word("bats", {"type", "path"}), "");
}

TEST(NearestWord, TakesTwoNeighboursInTheWrongOrderForOneMistake) {
  EXPECT_EQ(nearest_word("ytpe", {"type", "path"}), "type");
  EXPECT_EQ(nearest_word("seed", {"sede", "path"}), "sede");
}

TEST(NearestWord, TakesTheNearestOfSeveral) {
  EXPECT_EQ(nearest_word("warm.p9", {"warm.p50", "warm.p90", "cold.p90"}), "warm.p90");
  EXPECT_EQ(nearest_word(std::string(1'000'000, 'x'), {"id", "event"}), "");
  EXPECT_EQ(nearest_word("", {"id", "event"}), "");
}

TEST(DidYouMean, EndsASentenceOrSaysNothing) {
  EXPECT_EQ(did_you_mean("expect"), "; did you mean 'expect'?");
  EXPECT_EQ(did_you_mean("--event", ""), "; did you mean --event?");
  EXPECT_EQ(did_you_mean(""), "");
}

}  // namespace
}  // namespace coldframe
