#include <gtest/gtest.h>

#include "tests/unit/validate/compare_fixture.hpp"

namespace coldframe {
namespace {

using namespace compare_fixture;

// Judged by the very same number or not at all.
constexpr Tolerance k_none{0.0, 0.0};

TEST(Compare, TellsTheDistanceOfBigIntegersThatOneDoubleHolds) {
  const Comparison c = compared("9007199254740993", "9007199254740992");
  ASSERT_EQ(verdict(c), "number $");
  EXPECT_EQ(c.findings.front().abs, 1.0);
  EXPECT_EQ(c.max_abs, 1.0);
  const Comparison loose =
      compared("9007199254740993", "9007199254740992", R"({"paths":{"$":{"atol":0,"rtol":0}}})");
  ASSERT_EQ(verdict(loose), "number $") << "no tolerance is none";
  EXPECT_EQ(loose.findings.front().abs, 1.0);
  const std::string huge = "1" + std::string(400, '0');
  EXPECT_EQ(compared(huge, "2" + huge.substr(1)).findings.front().abs, std::nullopt)
      << "no double is that large";
}

TEST(Compare, JudgesTheDistanceItReports) {
  EXPECT_EQ(verdict(compared("0.3", "0.4", "{}", {0.0, 0.1})), "same");
  EXPECT_EQ(verdict(compared("0.1", "0.10000000000000001", "{}", k_none)), "same")
      << "two spellings of one double";
  EXPECT_EQ(verdict(compared("9007199254740993.0", "9007199254740992.0", "{}", k_none)),
            "number $");
  EXPECT_GT(compared("0.1", "0.10000000000000001").max_abs, 0.0);
  EXPECT_EQ(compared("1.7e308", "-1.7e308").findings.front().abs, std::nullopt);
}

}  // namespace
}  // namespace coldframe
