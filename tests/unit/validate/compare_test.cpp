#include <gtest/gtest.h>

#include "tests/unit/validate/compare_fixture.hpp"

namespace coldframe {
namespace {

using namespace compare_fixture;

TEST(Compare, AllowsRtolTimesWantedNotGot) {
  const Tolerance tenth{0.1, 0.0};
  EXPECT_EQ(verdict(compared("100.0", "110.0", "{}", tenth)), "same");
  EXPECT_EQ(verdict(compared("110.0", "100.0", "{}", tenth)), "same");
  EXPECT_EQ(verdict(compared("100.0", "110.5", "{}", tenth)), "number $");
  EXPECT_EQ(verdict(compared("110.5", "100.0", "{}", tenth)), "same") << "11.05 is allowed here";
}

TEST(Compare, AddsAtolToRtol) {
  EXPECT_EQ(verdict(compared("0.0", "0.5", "{}", {0.0, 0.5})), "same");
  EXPECT_EQ(verdict(compared("0.0", "0.51", "{}", {1.0, 0.5})), "number $");
}

TEST(Compare, ReportsHowFarANumberIsOver) {
  const Comparison c = compared(R"({"score":0.9312})", R"({"score":0.5022})");
  ASSERT_TRUE(c.failed());
  const Finding& f = c.findings.front();
  EXPECT_EQ(f.path, "$.score");
  EXPECT_EQ(f.want, "0.9312");
  EXPECT_EQ(f.got, "0.5022");
  EXPECT_NEAR(*f.abs, 0.429, 1e-12);
  EXPECT_NEAR(*f.allowed, 1e-9 + 0.9312e-6, 1e-15);
  EXPECT_NEAR(*f.over(), 0.429 / (1e-9 + 0.9312e-6), 1e-3);
  EXPECT_NEAR(*c.max_abs, 0.429, 1e-12);
}

TEST(Compare, FailsAChangedFourthDecimalByDefault) {
  EXPECT_EQ(verdict(compared("0.9312", "0.9313")), "number $");
}

TEST(Compare, TakesIntegersExactly) {
  EXPECT_EQ(verdict(compared("1", "1.0")), "same");
  EXPECT_EQ(verdict(compared("1", "10e-1")), "same");
  EXPECT_EQ(verdict(compared("1", "1.0000001")), "number $");
  EXPECT_EQ(verdict(compared("3", "5")), "number $");
  EXPECT_EQ(verdict(compared("1.0", "1.0000001")), "same") << "1.0 is no integer literal";
  EXPECT_EQ(verdict(compared("0", "-0.0")), "same");
}

TEST(Compare, TellsBigIntegersApartAndFlagsThem) {
  EXPECT_EQ(verdict(compared("9007199254740993", "9007199254740992")), "number $");
  const Comparison same = compared("9007199254740993", "9007199254740993");
  EXPECT_EQ(verdict(same), "same");
  EXPECT_EQ(warning(same), "big_integer $");
  EXPECT_EQ(verdict(compared("123456789012345678901234567890", "123456789012345678901234567891")),
            "number $");
}

TEST(Compare, IgnoresKeyOrderAndWhiteSpace) {
  EXPECT_EQ(verdict(compared(R"({"a":1,"b":[true,null]})", R"({ "b" : [ true,null ], "a": 1 })")),
            "same");
}

TEST(Compare, FailsAMissingKeyAndWarnsOfAnExtraOne) {
  EXPECT_EQ(verdict(compared(R"({"a":1,"b":2})", R"({"a":1})")), "missing_key $.b");
  const Comparison extra = compared(R"({"a":1})", R"({"a":1,"b":2})");
  EXPECT_EQ(verdict(extra), "same");
  EXPECT_EQ(warning(extra), "extra_key $.b");
  EXPECT_EQ(verdict(compared(R"({"a":1})", R"({"a":1,"b":2})", R"({"extra":"fail"})")),
            "extra_key $.b");
  EXPECT_EQ(warning(compared(R"({"a":1})", R"({"a":1,"b":2})", R"({"extra":"ignore"})")), "none");
  EXPECT_EQ(verdict(compared(R"({"a":1,"b":2})", R"({"a":1})", R"({"missing":"ignore"})")), "same");
}

TEST(Compare, FailsAnotherArrayLength) {
  const Comparison c = compared("[1,2,3]", "[1,2]");
  EXPECT_EQ(verdict(c), "array_length $");
  EXPECT_EQ(c.findings.front().message, "3 elements wanted, 2 got");
}

TEST(Compare, FailsAnotherType) {
  EXPECT_EQ(verdict(compared(R"({"a":1})", R"({"a":"1"})")), "type $.a");
  EXPECT_EQ(verdict(compared("null", "0")), "type $");
  EXPECT_EQ(verdict(compared("true", "1")), "type $");
  EXPECT_EQ(verdict(compared("true", "false")), "boolean $");
}

TEST(Compare, TakesTextsExactly) {
  EXPECT_EQ(verdict(compared(R"("Good")", R"("good")")), "text $");
  EXPECT_EQ(verdict(compared(R"("é")", R"("\u00e9")")), "same");
}

TEST(Compare, FailsNaNAndInfinityUnlessARuleAllowsThem) {
  const Comparison c = compared(R"({"p":0.5})", R"({"p":NaN})");
  EXPECT_EQ(verdict(c), "non_finite $.p");
  EXPECT_NE(c.findings.front().message.find("not valid JSON for most clients"), std::string::npos);
  EXPECT_EQ(verdict(compared(R"({"p":NaN})", R"({"p":NaN})")), "non_finite $.p");
  EXPECT_EQ(verdict(compared(R"({"p":NaN})", R"({"p":NaN})", R"({"nan":"equal"})")), "same");
  EXPECT_EQ(verdict(compared(R"({"p":1.0})", R"({"p":NaN})", R"({"nan":"equal"})")),
            "non_finite $.p");
  EXPECT_EQ(verdict(compared(R"({"p":NaN})", R"({"p":1.0})", R"({"nan":"equal"})")), "number $.p");
  EXPECT_EQ(verdict(compared(R"({"p":1.0})", R"({"p":-Infinity})", R"({"inf":"ignore"})")), "same");
  EXPECT_EQ(verdict(compared(R"({"p":1.0})", R"({"p":1.0,"q":[NaN]})")), "non_finite $.q[0]")
      << "also where nobody asked";
}

TEST(Compare, FlagsDuplicateKeysAndLoneSurrogates) {
  EXPECT_EQ(warning(compared(R"({"a":2})", R"({"a":1,"a":2})")), "duplicate_key $");
  EXPECT_EQ(warning(compared(R"("\ud800")", R"("\ud800")")), "lone_surrogate $");
}

TEST(Compare, KeepsTheWorstOfVeryManyFindings) {
  std::string want = "[";
  std::string got = "[";
  for (int i = 0; i < 1000; ++i) {
    want += (i > 0 ? "," : "") + std::string("1.0");
    got += (i > 0 ? "," : "") + std::string(i == 777 ? "99.0" : "1.5");
  }
  const Comparison c = compared(want + "]", got + "]");
  EXPECT_EQ(c.findings.size(), k_kept_findings);
  EXPECT_EQ(c.findings.front().path, "$[777]");
  EXPECT_EQ(c.findings_dropped, 900u);
}

TEST(Compare, JudgesNumbersBeyondADoubleByTheirText) {
  EXPECT_EQ(verdict(compared("1e999", "1e999")), "same");
  EXPECT_EQ(verdict(compared("1e999", "1e998")), "number $");
  EXPECT_EQ(verdict(compared("1.0", "1e999")), "number $");
}

}  // namespace
}  // namespace coldframe
