#include "emulator/json/json_value.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "emulator/json/decimal.hpp"

namespace coldframe {
namespace {

JsonValue parsed(std::string_view text) {
  ParsedJson result = parse_json(text);
  EXPECT_TRUE(result) << text;
  return result ? result.take() : JsonValue();
}

TEST(JsonValue, KeepsNumberTextAndKeyOrder) {
  const std::string text = R"({"z":1.50,"a":-0,"m":[1e3,12345678901234567890],"t":true,"n":null})";
  EXPECT_EQ(write_json(parsed(text)), text);
}

TEST(JsonValue, KeepsDuplicateKeysAndFindsTheLast) {
  const JsonValue value = parsed(R"({"a":1,"b":2,"a":3})");
  EXPECT_TRUE(value.has_duplicate_keys());
  EXPECT_FALSE(value.members()[0].duplicate);
  EXPECT_TRUE(value.members()[2].duplicate);
  EXPECT_EQ(value.find("a")->text(), "3");
  EXPECT_EQ(value.find("c"), nullptr);
}

TEST(JsonValue, AcceptsNonFiniteNumbersAsThePythonClientWritesThem) {
  const JsonValue value = parsed("[NaN, Infinity, -Infinity, 1]");
  EXPECT_FALSE(value.items()[0].is_finite());
  EXPECT_TRUE(std::isnan(value.items()[0].number()));
  EXPECT_EQ(value.items()[2].number(), -HUGE_VAL);
  EXPECT_TRUE(value.items()[3].is_finite());
  EXPECT_EQ(write_json(value), "[NaN,Infinity,-Infinity,1]");
  EXPECT_FALSE(parse_json("NaNa"));
  EXPECT_FALSE(parse_json("-Infinit"));
}

TEST(JsonValue, ResolvesEscapesAndPairsOfSurrogates) {
  EXPECT_EQ(parsed(R"("\u00e9\ud83d\ude00\n\"\/")").text(), "é😀\n\"/");
}

TEST(JsonValue, FlagsAndKeepsLoneSurrogates) {
  for (const char* text :
       {R"("\ud800")", R"("\udc00x")", R"("\ud800\ud801")", R"("\ud800\u0041")"}) {
    const JsonValue value = parsed(text);
    EXPECT_TRUE(value.has_lone_surrogate()) << text;
  }
  EXPECT_EQ(write_json(parsed(R"("a\ud800b")")), R"("a\ud800b")");
  EXPECT_FALSE(parsed(R"("\ud83d\ude00")").has_lone_surrogate());
}

TEST(JsonValue, KnowsTheBytesOfEveryValue) {
  const std::string text = R"({"id":"x", "event": {"a" : [1, 2]} })";
  const JsonValue value = parsed(text);
  const JsonValue* event = value.find("event");
  EXPECT_EQ(text.substr(event->begin(), event->end() - event->begin()), R"({"a" : [1, 2]})");
}

TEST(JsonValue, ReportsTheFaultOfATextThatIsNotJson) {
  const ParsedJson result = parse_json("{\"a\":\n oops}");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.fault().line, 2u);
  EXPECT_EQ(result.fault().column, 2u);
}

TEST(JsonValue, StopsAtADepthOfAThousand) {
  EXPECT_TRUE(parse_json(std::string(1000, '[') + std::string(1000, ']')));
  EXPECT_FALSE(parse_json(std::string(1001, '[') + std::string(1001, ']')));
}

TEST(JsonValue, WritesALoneSurrogateAsItsEscapeAndReplacesOnlyTheByteThatIsWrong) {
  EXPECT_EQ(quote_json("\xED\xA0\x80"), R"("\ud800")");
  EXPECT_EQ(quote_json("\xED\xBF\xBF."), R"("\udfff.")");
  EXPECT_EQ(quote_json("\xED"
                       "ab"),
            R"("\ufffdab")");
  EXPECT_EQ(quote_json("\xED\xA0"
                       "b"),
            R"("\ufffd\ufffdb")");
  EXPECT_EQ(quote_json("\xED\"x"), R"("\ufffd\"x")") << "a quote must never be swallowed";
}

TEST(JsonValue, WritesControlCharactersEscaped) {
  EXPECT_EQ(quote_json(std::string("a\"\\\n\x01", 5)), "\"a\\\"\\\\\\n\\u0001\"");
  EXPECT_EQ(quote_json("\xFF"), "\"\\ufffd\"");
}

TEST(Decimal, TreatsEqualNumbersAlikeHoweverTheyAreWritten) {
  EXPECT_EQ(Decimal::parse("1"), Decimal::parse("1.0"));
  EXPECT_EQ(Decimal::parse("1"), Decimal::parse("10e-1"));
  EXPECT_EQ(Decimal::parse("0"), Decimal::parse("-0.0e9"));
  EXPECT_EQ(Decimal::parse("9007199254740993"), Decimal::parse("9007199254740993.00"));
  EXPECT_NE(Decimal::parse("9007199254740993"), Decimal::parse("9007199254740992"));
  EXPECT_NE(Decimal::parse("1"), Decimal::parse("-1"));
}

TEST(Decimal, KnowsTheDistanceOfTwoNumbersExactly) {
  const auto distance = [](std::string_view a, std::string_view b) {
    const double there = Decimal::distance(Decimal::parse(a), Decimal::parse(b));
    EXPECT_EQ(there, Decimal::distance(Decimal::parse(b), Decimal::parse(a))) << a << " " << b;
    return there;
  };
  EXPECT_EQ(distance("9007199254740993", "9007199254740992"), 1.0);
  EXPECT_EQ(distance("123456789012345678901234567890", "123456789012345678901234567891"), 1.0);
  EXPECT_EQ(distance("-1", "1.5"), 2.5);
  EXPECT_EQ(distance("0.4", "0.3"), 0.1);
  EXPECT_EQ(distance("1000", "999.99"), 0.01);
  EXPECT_EQ(distance("0", "-7"), 7.0);
  EXPECT_EQ(distance("1.0", "1"), 0.0);
  EXPECT_EQ(distance("1e-30", "1e30"), 1e30);
  EXPECT_EQ(distance("1e999999999999", "1"), HUGE_VAL);
  EXPECT_EQ(distance("1e-999999999999", "1"), 1.0);
  EXPECT_GT(distance("1e-999", "2e-999"), 0.0) << "two numbers that differ are never 0 apart";
  EXPECT_GT(distance("1e-999999999999", "0"), 0.0);
  EXPECT_EQ(distance("1" + std::string(400, '0'), "1" + std::string(399, '0') + "3"), 3.0)
      << "beyond a double's range themselves";
}

TEST(Decimal, CountsTheDecimalsItNeeds) {
  EXPECT_EQ(Decimal::parse("0.2541").decimals(), 4);
  EXPECT_EQ(Decimal::parse("0.2500").decimals(), 2);
  EXPECT_EQ(Decimal::parse("25e-4").decimals(), 4);
  EXPECT_EQ(Decimal::parse("3e5").decimals(), 0);
  EXPECT_EQ(Decimal::parse("0").decimals(), 0);
}

TEST(Decimal, KnowsIntegersThatADoubleMayNotHold) {
  EXPECT_FALSE(Decimal::parse("9007199254740992").is_beyond_double_integers());
  EXPECT_TRUE(Decimal::parse("9007199254740993").is_beyond_double_integers());
  EXPECT_TRUE(Decimal::parse("-90071992547409920").is_beyond_double_integers());
  EXPECT_FALSE(Decimal::parse("9007e12").is_beyond_double_integers());
  EXPECT_TRUE(Decimal::parse("9008e12").is_beyond_double_integers());
  EXPECT_FALSE(Decimal::parse("0").is_beyond_double_integers());
}

TEST(Decimal, BecomesTheNearestDoubleOrInfinity) {
  EXPECT_EQ(Decimal::parse("0.1").to_double(), 0.1);
  EXPECT_EQ(Decimal::parse("-1.5e3").to_double(), -1500.0);
  EXPECT_EQ(Decimal::parse("1e999").to_double(), HUGE_VAL);
  EXPECT_EQ(Decimal::parse("-1e999").to_double(), -HUGE_VAL);
  EXPECT_EQ(Decimal::parse("1e-999").to_double(), 0.0);
  EXPECT_EQ(Decimal::parse("1e99999999999999999999999").to_double(), HUGE_VAL);
}

}  // namespace
}  // namespace coldframe
