#include <gtest/gtest.h>

#include "tests/unit/validate/compare_fixture.hpp"

namespace coldframe {
namespace {

using namespace compare_fixture;

// The verdict over an answer that is wanted to be anything.
std::string any_verdict(std::string_view got, std::string_view rules = "{}") {
  return verdict(check_properties(json(got), parse_rules(json(rules)).value(), {}));
}

TEST(Compare, LooksInsideABodyText) {
  const char* want = R"({"statusCode":200,"body":{"score":0.9312,"label":3}})";
  EXPECT_EQ(
      verdict(compared(want, R"({"statusCode":200,"body":"{\"label\":3, \"score\":0.9312}"})")),
      "same");
  EXPECT_EQ(verdict(compared(want, R"({"statusCode":200,"body":"{\"score\":0.93,\"label\":3}"})")),
            "number $.body!.score");
  const char* text = R"({"statusCode":200,"body":"{\"score\":0.9312,\"label\":3}"})";
  EXPECT_EQ(
      verdict(compared(text, R"({"statusCode":200,"body":"{\"label\":4,\"score\":0.9312}"})")),
      "number $.body!.label")
      << "a golden may hold the body as text as well";
}

TEST(Compare, ComparesABodyThatIsPlainTextExactly) {
  EXPECT_EQ(verdict(compared(R"({"body":"hello"})", R"({"body":"hello"})")), "same");
  EXPECT_EQ(verdict(compared(R"({"body":"hello"})", R"({"body":"Hello"})")), "text $.body");
  EXPECT_EQ(verdict(compared(R"({"body":{"a":1}})", R"({"body":"oops"})")), "not_json $.body");
}

TEST(Compare, TakesANumberInTheBodyOfAProxyAnswerForANumber) {
  const auto of = [](const char* want, const char* got, const char* rules = "{}") {
    const auto answer = [](const char* body) {
      return R"({"statusCode":200,"body":)" + std::string(body) + "}";
    };
    return verdict(compared(answer(want), answer(got), rules));
  };
  EXPECT_EQ(of(R"("0.93123411")", R"("0.93123412")"), "same");
  EXPECT_EQ(of(R"("0.93123411")", R"("0.94")"), "number $.body!");
  EXPECT_EQ(of(R"("0.93")", R"("0.94")", R"({"paths":{"$.body!":{"atol":0.1}}})"), "same");
  EXPECT_EQ(of(R"("0.93")", R"("0.94")", R"({"atol":0.1})"), "same");
  EXPECT_EQ(of("0.93123411", R"("0.93123412")"), "same");
  EXPECT_EQ(of(R"("5")", R"("5.0")"), "same");
  EXPECT_EQ(of(R"("5")", R"("6")", R"({"atol":1})"), "number $.body!") << "an integer is exact";
  EXPECT_EQ(of(R"("9007199254740993")", R"("9007199254740992")"), "number $.body!");
  EXPECT_EQ(of(R"("0.93")", R"("NaN")"), "non_finite $.body!");
  EXPECT_EQ(of(R"("NaN")", R"("NaN")"), "same") << "a text that somebody wants";
  EXPECT_EQ(of(R"("0.93")", R"("\"0.93\"")"), "double_encoding $.body");
  EXPECT_EQ(of(R"("0.93")", R"("null")"), "text $.body");
  EXPECT_EQ(of(R"("0.93")", R"("oops")"), "text $.body");
  EXPECT_EQ(of(R"("007")", R"("7")"), "text $.body") << "no JSON number";
  EXPECT_EQ(of(R"("0.93123411")", R"("0.93123412")", R"({"embedded":"off"})"), "text $.body");
  // "0.5" and "0.50"
  EXPECT_EQ(verdict(compared(R"({"statusCode":200,"body":"MC41","isBase64Encoded":true})",
                             R"({"statusCode":200,"body":"MC41MA==","isBase64Encoded":true})")),
            "same");
}

TEST(Compare, TakesANumberInAnyOtherTextForText) {
  EXPECT_EQ(verdict(compared(R"({"version":"1.10"})", R"({"version":"1.1"})")), "text $.version");
  EXPECT_EQ(verdict(compared(R"({"body":"1.10"})", R"({"body":"1.1"})")), "text $.body");
  EXPECT_EQ(verdict(compared(R"({"body":"1.10"})", R"({"statusCode":200,"body":"1.1"})")),
            "text $.body");
  EXPECT_EQ(verdict(compared(R"({"a":{"statusCode":200,"body":"1.10"}})",
                             R"({"a":{"statusCode":200,"body":"1.1"}})")),
            "text $.a.body");
  EXPECT_EQ(verdict(compared(R"({"statusCode":200,"x":"1.10"})", R"({"statusCode":200,"x":"1.1"})",
                             R"({"paths":{"$.x":{"embedded":"auto"}}})")),
            "text $.x");
}

TEST(Compare, LooksInsideOtherTextsWhenARuleSaysSo) {
  const char* rule = R"({"paths":{"$.detail":{"embedded":"auto"}}})";
  EXPECT_EQ(verdict(compared(R"({"detail":"{\"a\":1}"})", R"({"detail":"{ \"a\": 1 }"})", rule)),
            "same");
  EXPECT_EQ(verdict(compared(R"({"detail":"{\"a\":1}"})", R"({"detail":"{ \"a\": 1 }"})")),
            "text $.detail");
  EXPECT_EQ(verdict(compared(R"({"body":"{\"a\":1}"})", R"({"body":"{ \"a\": 1 }"})",
                             R"({"embedded":"off"})")),
            "text $.body");
}

TEST(Compare, NamesDoubleEncoding) {
  EXPECT_EQ(verdict(compared(R"({"body":{"a":1}})", R"({"body":"\"{\\\"a\\\":1}\""})")),
            "double_encoding $.body");
  EXPECT_EQ(verdict(compared(R"({"a":1})", R"("{\"a\":1}")")), "double_encoding $");
  EXPECT_EQ(verdict(compared(R"({"body":"Good"})", R"({"body":"\"Good\""})")),
            "double_encoding $.body");
}

TEST(Compare, NamesAWrongBase64Flag) {
  const char* want = R"({"body":{"a":1}})";
  EXPECT_EQ(verdict(compared(want, R"({"body":"eyJhIjoxfQ==","isBase64Encoded":true})")), "same");
  EXPECT_EQ(verdict(compared(want, R"({"body":"eyJhIjoxfQ==","isBase64Encoded":false})")),
            "wrong_is_base64_encoded $.body");
  EXPECT_EQ(verdict(compared(want, R"({"body":"{\"a\":1}","isBase64Encoded":true})")),
            "wrong_is_base64_encoded $.body");
  EXPECT_EQ(verdict(compared(R"({"body":"eyJhIjoxfQ==","isBase64Encoded":true})",
                             R"({"body":"eyJhIjogMX0=","isBase64Encoded":true})")),
            "same")
      << "both are base64 of the same JSON";
}

TEST(Compare, WarnsOfAProxyBodyThatIsNoText) {
  const Comparison c =
      compared(R"({"statusCode":200,"body":{"a":1}})", R"({"statusCode":200,"body":{"a":1}})");
  EXPECT_EQ(verdict(c), "same");
  EXPECT_EQ(warning(c), "body_not_text $.body");
}

TEST(Compare, FailsNaNInsideABodyThatNobodyDescribed) {
  EXPECT_EQ(any_verdict(R"({"body":"{\"score\":NaN}"})"), "non_finite $.body!.score");
  EXPECT_EQ(any_verdict(R"({"body":"{\"body\":\"[Infinity]\"}"})"), "non_finite $.body!.body![0]");
  // {"score":NaN}
  EXPECT_EQ(any_verdict(R"({"isBase64Encoded":true,"body":"eyJzY29yZSI6TmFOfQ=="})"),
            "non_finite $.body!.score");
  EXPECT_EQ(
      any_verdict(R"({"body":"{\"score\":NaN}"})", R"({"paths":{"$.body":{"embedded":"off"}}})"),
      "same");
  EXPECT_EQ(any_verdict(R"({"other":"{\"score\":NaN}"})"), "same");
  EXPECT_EQ(
      any_verdict(R"({"other":"{\"score\":NaN}"})", R"({"paths":{"$.other":{"embedded":"auto"}}})"),
      "non_finite $.other!.score");
  EXPECT_EQ(any_verdict(R"({"body":"NaN is what it is"})"), "same");
  EXPECT_EQ(verdict(compared(R"({"x":1})", R"({"x":1,"body":"{\"score\":NaN}"})")),
            "non_finite $.body!.score")
      << "an extra key";
}

TEST(Compare, OpensBodiesInBodiesOnlySoDeep) {
  std::string text = "[NaN]";
  for (int level = 0; level < 12; ++level)
    text = R"({"body":)" + quote_json(text) + "}";
  EXPECT_EQ(any_verdict(text), "same") << "escaping doubles; nobody nests so deep in earnest";
}

TEST(Compare, ChecksPropertiesInABodyOutOfBase64) {
  const char* rules = R"([{"path":"$.body!.score","range":[0,1]}])";
  // {"score":0.5} and {"score":1.5}
  EXPECT_EQ(any_verdict(R"({"isBase64Encoded":true,"body":"eyJzY29yZSI6MC41fQ=="})", rules),
            "same");
  EXPECT_EQ(any_verdict(R"({"isBase64Encoded":true,"body":"eyJzY29yZSI6MS41fQ=="})", rules),
            "property $.body!.score");
}

TEST(Compare, FindsTheScoreOfALabelInABodyOutOfBase64) {
  const char* rules =
      R"([{"path":"$.body!.label","label":{"from":"$.body!.score","cuts":[0.5],"band":0.01}}])";
  // {"score":0.5,"label":1} against {"score":0.5,"label":0}
  const auto flip =
      compared(R"({"isBase64Encoded":true,"body":"eyJzY29yZSI6MC41LCJsYWJlbCI6MX0="})",
               R"({"isBase64Encoded":true,"body":"eyJzY29yZSI6MC41LCJsYWJlbCI6MH0="})", rules);
  EXPECT_EQ(verdict(flip), "same");
  EXPECT_EQ(flip.near_cut_flips, 1);
}

}  // namespace
}  // namespace coldframe
