#include "emulator/base/ids.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace coldframe {
namespace {

bool is_lower_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

TEST(IdSource, MakesLowerCaseVersionFourUuids) {
  IdSource ids;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = ids.uuid();
    ASSERT_EQ(id.size(), 36U);
    for (std::size_t at = 0; at < id.size(); ++at) {
      const bool dash = at == 8 || at == 13 || at == 18 || at == 23;
      ASSERT_TRUE(dash ? id[at] == '-' : is_lower_hex(id[at])) << id;
    }
    ASSERT_EQ(id[14], '4') << id;
    ASSERT_NE(std::string("89ab").find(id[19]), std::string::npos) << id;
  }
}

TEST(IdSource, NeverRepeatsAnIdNeitherWithinASourceNorBetweenTwo) {
  IdSource a;
  IdSource b;
  std::set<std::string> seen;
  for (int i = 0; i < 5000; ++i) {
    ASSERT_TRUE(seen.insert(a.uuid()).second);
    ASSERT_TRUE(seen.insert(b.uuid()).second);
  }
}

TEST(IdSource, MakesAsManyHexDigitsAsAsked) {
  IdSource ids;
  EXPECT_EQ(ids.hex(0), "");
  for (int digits : {1, 8, 16, 17, 24, 32, 100}) {
    const std::string text = ids.hex(digits);
    ASSERT_EQ(text.size(), static_cast<std::size_t>(digits));
    for (char c : text)
      ASSERT_TRUE(is_lower_hex(c)) << text;
  }
}

TEST(IdSource, UsesEveryDigitInEveryPlaceOfALogStreamId) {
  IdSource ids;
  std::array<std::set<char>, 32> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string text = ids.hex(32);
    for (std::size_t at = 0; at < text.size(); ++at)
      seen[at].insert(text[at]);
  }
  // 1000 draws of 16 digits: the chance of a missing one is below 1e-26.
  for (const auto& digits : seen)
    EXPECT_EQ(digits.size(), 16U);
}

}  // namespace
}  // namespace coldframe
