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

TEST(Compare, AllowsOneQuantumOnlyOnTheGrid) {
  const char* rule = R"({"decimals":2})";
  const Comparison flip = compared("0.25", "0.26", rule);
  EXPECT_EQ(verdict(flip), "same");
  EXPECT_EQ(flip.quantum_flips, 1);
  EXPECT_EQ(verdict(compared("0.25", "0.2541", rule)), "number $") << "not on the grid";
  EXPECT_EQ(verdict(compared("0.25", "0.27", rule)), "number $") << "two quanta";
  EXPECT_EQ(compared("0.25", "0.250000001", rule).quantum_flips, 0) << "inside the tolerance";
}

TEST(Compare, AllowsOnlyTheTwoNeighboursOfAWantedNumberOffTheGrid) {
  const char* rule = R"({"decimals":4})";
  for (const char* near : {"0.25", "0.2501"}) {
    EXPECT_EQ(compared("0.25004", near, rule).quantum_flips, 1) << near;
    EXPECT_EQ(compared("0.25006", near, rule).quantum_flips, 1) << near;
  }
  for (const char* far : {"0.2499", "0.2502"}) {
    EXPECT_EQ(verdict(compared("0.25004", far, rule)), "number $") << far;
    EXPECT_EQ(verdict(compared("0.25006", far, rule)), "number $") << far;
  }
  EXPECT_EQ(compared("-0.00005", "0.0", rule).quantum_flips, 1);
  EXPECT_EQ(verdict(compared("-0.00005", "0.0001", rule)), "number $");
  EXPECT_EQ(compared("1e-15", "2e-15", R"({"decimals":15,"rtol":0,"atol":0})").quantum_flips, 1);
}

TEST(Compare, NamesTheDifferenceOfNaNAndInfinityWhereTheyMayBeEqual) {
  const auto said = [](const char* want, const char* got, const char* rules) {
    const Comparison c = compared(want, got, rules);
    return c.failed() ? verdict(c) + ": " + c.findings.front().message : "";
  };
  const char* equal = R"({"inf":"equal","nan":"equal"})";
  EXPECT_EQ(said("Infinity", "Infinity", equal), "");
  EXPECT_EQ(said("Infinity", "-Infinity", equal),
            "non_finite $: Infinity was wanted, not -Infinity");
  EXPECT_EQ(said("1.5", "NaN", equal), "non_finite $: 1.5 was wanted, not NaN");
  EXPECT_EQ(said("NaN", "1.5", equal), "number $: NaN was wanted, not 1.5");
  EXPECT_EQ(said(R"("n/a")", "NaN", equal), "type $: text wanted, number got");
  EXPECT_EQ(said("Infinity", "-Infinity", "{}"),
            "non_finite $: -Infinity: not valid JSON for most clients");
}

}  // namespace
}  // namespace coldframe
