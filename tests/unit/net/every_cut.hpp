// For tests of RequestParser: parse a stream cut in many ways and insist that all of them agree.
//
//   ParsedStream out = parse_every_way(bytes);        // fails the test if a cutting differs
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/net/parsed_stream.hpp"

namespace coldframe::testing {

inline ParsedStream parse_every_way(const std::string& bytes, StreamLimits limits = {}) {
  ParsedStream out = parse_stream(bytes, whole(), limits);
  EXPECT_EQ(out.broken_rule, "");
  for (std::size_t size : {1U, 2U, 3U, 4U, 5U, 7U, 64U, 1000U, 1999U, 2000U, 2001U}) {
    EXPECT_EQ(parse_stream(bytes, pieces_of(size), limits), out) << "pieces of " << size;
    if (::testing::Test::HasFailure()) return out;
  }
  for (unsigned seed = 0; seed < 40; ++seed) {
    EXPECT_EQ(parse_stream(bytes, random_pieces(seed, 30), limits), out) << "seed " << seed;
    if (::testing::Test::HasFailure()) return out;
  }
  return out;
}

}  // namespace coldframe::testing
