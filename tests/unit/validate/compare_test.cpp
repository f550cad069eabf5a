#include "emulator/validate/compare.hpp"

#include <gtest/gtest.h>

namespace coldframe {
namespace {

JsonValue json(std::string_view text) {
  ParsedJson parsed = parse_json(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? parsed.take() : JsonValue();
}

Comparison compared(std::string_view want, std::string_view got, std::string_view rules = "{}",
                    Tolerance tolerance = {}) {
  const Result<RuleSet> parsed = parse_rules(json(rules));
  EXPECT_TRUE(parsed) << rules << ": " << (parsed ? "" : parsed.error().message);
  return compare(json(want), json(got), parsed ? parsed.value() : RuleSet(), tolerance);
}

// "kind path" of the worst finding, or "same".
std::string verdict(const Comparison& comparison) {
  if (!comparison.failed()) return "same";
  const Finding& worst = comparison.findings.front();
  return std::string(to_text(worst.kind)) + " " + worst.path;
}

std::string warning(const Comparison& comparison) {
  if (comparison.failed() || comparison.findings.empty()) return "none";
  return std::string(to_text(comparison.findings.front().kind)) + " " +
         comparison.findings.front().path;
}

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

TEST(Compare, LoosensAnIntegerOnlyWhereARuleNamesItsPlace) {
  EXPECT_EQ(verdict(compared(R"({"n":10})", R"({"n":11})", R"({"atol":2})")), "number $.n");
  EXPECT_EQ(verdict(compared(R"({"n":10})", R"({"n":11})", R"({"paths":{"$.n":{"atol":2}}})")),
            "same");
  EXPECT_EQ(verdict(compared("[1,2]", "[1,3]", R"({"paths":{"$[*]":{"atol":1}}})")), "same");
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

// The verdict over an answer that is wanted to be anything.
std::string any_verdict(std::string_view got, std::string_view rules = "{}") {
  return verdict(check_properties(json(got), parse_rules(json(rules)).value(), {}));
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

TEST(Compare, AllowsOneQuantumOfAnIntegerWhoseVeryPathHasDecimals) {
  const char* rules = R"([{"path":"$.p","decimals":4}])";
  const auto flip = compared(R"({"p":1})", R"({"p":0.9999})", rules);
  EXPECT_EQ(verdict(flip), "same");
  EXPECT_EQ(flip.quantum_flips, 1);
  EXPECT_EQ(verdict(compared(R"({"p":1})", R"({"p":0.9998})", rules)), "number $.p");
  EXPECT_EQ(verdict(compared(R"({"n":1,"p":1})", R"({"n":2,"p":1})", R"({"decimals":0})")),
            "number $.n")
      << "a rule for everything leaves integers exact";
}

TEST(Compare, LoosensAnIntegerThatIsTheWholeAnswerWhereARuleNamesTheRoot) {
  EXPECT_EQ(verdict(compared("5", "6", R"([{"path":"$","atol":1}])")), "same");
  EXPECT_EQ(verdict(compared("5", "6", R"({"paths":{"$":{"atol":1}}})")), "same");
  EXPECT_EQ(verdict(compared("5", "6", R"({"atol":1})")), "number $");
  EXPECT_EQ(verdict(compared(R"({"n":5})", R"({"n":6})", R"([{"path":"$","atol":1}])")),
            "number $.n");
}

TEST(Compare, IgnoresWhatARuleIgnores) {
  const char* rule = R"({"ignore":["$.id","$.meta"]})";
  EXPECT_EQ(verdict(compared(R"({"id":1,"meta":{"a":1},"x":2})",
                             R"({"id":NaN,"meta":{"a":[]},"x":2})", rule)),
            "same");
  EXPECT_EQ(verdict(compared(R"({"id":1,"x":2})", R"({"x":2})", rule)), "same");
  EXPECT_EQ(verdict(compared(R"({"id":1,"x":2})", R"({"id":9,"x":3})", rule)), "number $.x");
}

TEST(Compare, PrefersTheMoreSpecificAndThenTheLaterRule) {
  const char* rules = R"([{"path":"$.a","rtol":0.5},{"path":"$","rtol":0},
                          {"path":"$.*","rtol":0.0001},{"path":"$.b","rtol":0.5},
                          {"path":"$.b","rtol":0}])";
  EXPECT_EQ(verdict(compared(R"({"a":1.0})", R"({"a":1.4})", rules)), "same");
  EXPECT_EQ(verdict(compared(R"({"b":1.0})", R"({"b":1.4})", rules)), "number $.b");
  EXPECT_EQ(verdict(compared(R"({"c":1.0})", R"({"c":1.4})", rules)), "number $.c");
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

TEST(Compare, LetsALabelFlipOnlyNearACut) {
  const char* rule =
      R"({"paths":{"$.label":{"label":{"from":"$.score","cuts":[70,90],"band":0.5}}}})";
  const Comparison near =
      compared(R"({"score":70.2,"label":"Good"})", R"({"score":70.2,"label":"Poor"})", rule);
  EXPECT_EQ(verdict(near), "same");
  EXPECT_EQ(near.near_cut_flips, 1);
  EXPECT_EQ(verdict(compared(R"({"score":71.2,"label":"Good"})", R"({"score":71.2,"label":"Poor"})",
                             rule)),
            "text $.label");
  EXPECT_EQ(verdict(compared(R"({"score":90.0,"label":2})", R"({"score":90.0,"label":3})", rule)),
            "same");
}

TEST(Compare, MindsIntegersAndFractionsWhenTypesAreStrict) {
  EXPECT_EQ(verdict(compared("1", "1.0", R"({"strict_types":true})")), "type $");
}

TEST(Compare, FlagsDuplicateKeysAndLoneSurrogates) {
  EXPECT_EQ(warning(compared(R"({"a":2})", R"({"a":1,"a":2})")), "duplicate_key $");
  EXPECT_EQ(warning(compared(R"("\ud800")", R"("\ud800")")), "lone_surrogate $");
}

TEST(Compare, ChecksPropertiesBesideTheGolden) {
  const char* rules = R"([{"path":"$.p","range":[0,1],"type":"number"},
                          {"path":"$.all","sum":[1,1e-6],"len":2},
                          {"path":"$.name","regex":"^[a-z]+$","one_of":["cat","dog"]}])";
  EXPECT_EQ(verdict(compared(R"({"p":0.5})", R"({"p":0.5})", R"([{"path":"$.p","range":[0,1]}])")),
            "same");
  const auto broken = [&](const char* got) {
    return check_properties(json(got), parse_rules(json(rules)).value(), {});
  };
  EXPECT_FALSE(broken(R"({"p":0.5,"all":[0.5,0.5],"name":"cat"})").failed());
  EXPECT_EQ(verdict(broken(R"({"p":1.5,"all":[0.5,0.5],"name":"cat"})")), "property $.p");
  EXPECT_EQ(verdict(broken(R"({"p":1,"all":[0.5,0.6],"name":"cat"})")), "property $.all");
  EXPECT_EQ(verdict(broken(R"({"p":1,"all":[1],"name":"cat"})")), "property $.all");
  EXPECT_EQ(verdict(broken(R"({"p":1,"all":[0.5,0.5],"name":"cow"})")), "property $.name");
  EXPECT_EQ(verdict(broken(R"({"p":1,"all":[0.5,0.5]})")), "property $.name") << "must exist";
  EXPECT_EQ(verdict(broken(R"({"p":NaN,"all":[0.5,0.5],"name":"cat"})")), "non_finite $.p");
}

TEST(Compare, GivesUpOnARegexThatWouldTakeForever) {
  const Result<RuleSet> rules = parse_rules(json(R"([{"path":"$","regex":"^(a|aa)+$"}])"));
  const std::string text = "\"" + std::string(200, 'a') + "b\"";
  EXPECT_EQ(verdict(check_properties(json(text), rules.value(), {})), "property $");
  const std::string long_text = "\"" + std::string(1'000'000, 'x') + "\"";
  EXPECT_EQ(verdict(check_properties(json(long_text), rules.value(), {})), "property $");
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

TEST(Rules, RefuseWhatTheyDoNotKnow) {
  for (const char* text :
       {R"({"rtoll":1})", R"({"rtol":-1})", R"({"rtol":"1"})", R"({"decimals":1.5})",
        R"({"ignore":"$.a"})", R"({"ignore":["a"]})", R"({"nan":"maybe"})", R"({"paths":[]})",
        R"({"paths":{"a":{}}})", R"({"paths":{"$.a":{"regex":"("}}})", R"([{"rtol":1}])",
        R"({"paths":{"$.a":{"range":[2,1]}}})", R"({"paths":{"$.a":{"label":{"cuts":[1]}}}})",
        R"("strict")", "7", R"({"rtol":1,"rtol":2})", R"({"paths":{"$.a":{"type":"float"}}})"}) {
    EXPECT_FALSE(parse_rules(json(text))) << text;
  }
  EXPECT_EQ(parse_rules(json(R"({"rtoll":1})")).error().message,
            "\"rtoll\" is not a rule that Coldframe knows; did you mean 'rtol'?");
}

}  // namespace
}  // namespace coldframe
