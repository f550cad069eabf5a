#include <gtest/gtest.h>

#include "tests/unit/validate/compare_fixture.hpp"

namespace coldframe {
namespace {

using namespace compare_fixture;

TEST(Compare, LoosensAnIntegerOnlyWhereARuleNamesItsPlace) {
  EXPECT_EQ(verdict(compared(R"({"n":10})", R"({"n":11})", R"({"atol":2})")), "number $.n");
  EXPECT_EQ(verdict(compared(R"({"n":10})", R"({"n":11})", R"({"paths":{"$.n":{"atol":2}}})")),
            "same");
  EXPECT_EQ(verdict(compared("[1,2]", "[1,3]", R"({"paths":{"$[*]":{"atol":1}}})")), "same");
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

TEST(Compare, TakesAScoreThatIsExactlyOnTheBandForNear) {
  const auto flips = [](const std::string& score, const std::string& cut) {
    const std::string rule =
        R"({"paths":{"$.label":{"label":{"from":"$.score","cuts":[)" + cut + R"(],"band":0.01}}}})";
    return compared(R"({"label":"a","score":)" + score + "}",
                    R"({"label":"b","score":)" + score + "}", rule.c_str())
        .near_cut_flips;
  };
  EXPECT_EQ(flips("0.71", "0.7"), 1);
  EXPECT_EQ(flips("0.69", "0.7"), 1);
  EXPECT_EQ(flips("0.51", "0.5"), 1);
  EXPECT_EQ(flips("0.5101", "0.5"), 0);
  EXPECT_EQ(flips("0.7100000000000001", "0.7"), 0);
}

TEST(Compare, TakesTheRuleOfAnExtraKeysOwnPathBeforeThatOfItsObject) {
  const char* want = R"({"a":1})";
  const char* got = R"({"a":1,"x":2})";
  for (const char* rules :
       {R"({"paths":{"$.x":{"extra":"fail"}}})", R"([{"path":"$.x","extra":"fail"}])",
        R"([{"path":"$.x","extra":"fail"},{"path":"$","extra":"ignore"}])",
        R"({"extra":"ignore","paths":{"$.*":{"extra":"fail"}}})"}) {
    EXPECT_EQ(verdict(compared(want, got, rules)), "extra_key $.x") << rules;
  }
  EXPECT_EQ(warning(compared(want, got, R"({"paths":{"$.x":{"extra":"ignore"}}})")), "none");
  EXPECT_EQ(warning(compared(want, got, R"({"extra":"fail","paths":{"$.x":{"extra":"warn"}}})")),
            "extra_key $.x");
  EXPECT_EQ(
      verdict(compared(R"({"o":{}})", R"({"o":{"x":1}})", R"({"paths":{"$.o":{"extra":"fail"}}})")),
      "extra_key $.o.x")
      << "a rule holds beneath its path too";
}

TEST(Compare, LooksAtAnExtraKeyBesideAStatusWhereARuleNamesIt) {
  const auto of_status = [](const char* rules) {
    return compare(json(R"({"statusCode":200})"), json(R"({"statusCode":200,"x":1,"y":NaN})"),
                   parse_rules(json(rules)).value(), {}, {.only_wanted_keys = true});
  };
  EXPECT_EQ(warning(of_status("{}")), "none");
  EXPECT_EQ(warning(of_status(R"({"extra":"fail"})")), "none");
  EXPECT_EQ(verdict(of_status(R"({"paths":{"$.x":{"extra":"fail"}}})")), "extra_key $.x");
}

TEST(Compare, MindsIntegersAndFractionsWhenTypesAreStrict) {
  EXPECT_EQ(verdict(compared("1", "1.0", R"({"strict_types":true})")), "type $");
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
  EXPECT_FALSE(check_properties(json("[0.1,0.2]"),
                                parse_rules(json(R"([{"path":"$","sum":[0.3,0]}])")).value(), {})
                   .failed())
      << "rounding is no fault of the answer";
  EXPECT_EQ(verdict(broken(R"({"p":1,"all":[0.5,0.6],"name":"cat"})")), "property $.all");
  EXPECT_EQ(verdict(broken(R"({"p":1,"all":[1],"name":"cat"})")), "property $.all");
  EXPECT_EQ(verdict(broken(R"({"p":1,"all":[0.5,0.5],"name":"cow"})")), "property $.name");
  EXPECT_EQ(verdict(broken(R"({"p":1,"all":[0.5,0.5]})")), "property $.name") << "must exist";
  EXPECT_EQ(verdict(broken(R"({"p":NaN,"all":[0.5,0.5],"name":"cat"})")), "non_finite $.p");
}

TEST(Compare, FindsAContainerAmongTheAllowedValuesHoweverItIsWritten) {
  const auto is_allowed = [](const char* allowed, const char* got) {
    const std::string rules = std::string(R"([{"path":"$","one_of":[)") + allowed + "]}]";
    return !check_properties(json(got), parse_rules(json(rules)).value(), {}).failed();
  };
  EXPECT_TRUE(is_allowed(R"({"a":2.0,"b":1})", R"({"b":1,"a":2})"));
  EXPECT_TRUE(is_allowed("[1]", "[1.0]"));
  EXPECT_TRUE(is_allowed(R"({"a":[{"b":1,"c":null}]})", R"({"a":[{"c":null,"b":10e-1}]})"));
  EXPECT_TRUE(is_allowed(R"({"a":2})", R"({"a":1,"a":2})")) << "the last one counts";
  EXPECT_FALSE(is_allowed(R"({"a":1})", R"({"a":1,"a":2})"));
  EXPECT_FALSE(is_allowed(R"({"a":1})", R"({"a":1,"b":2})"));
  EXPECT_FALSE(is_allowed(R"({"a":1,"b":2})", R"({"a":1,"c":2})"));
  EXPECT_FALSE(is_allowed("[1,2]", "[2,1]"));
  EXPECT_FALSE(is_allowed("[1,2]", "[1]"));
  EXPECT_FALSE(is_allowed("1", "true"));
  EXPECT_FALSE(is_allowed(R"("1")", "1"));
}

TEST(Compare, ChecksPropertiesOfTheLastOfDuplicateKeys) {
  const auto of = [](const char* rules, const char* got) {
    return verdict(check_properties(json(got), parse_rules(json(rules)).value(), {}));
  };
  const char* last_is_good = R"({"p":5,"q":9,"p":0.5})";
  const char* last_is_bad = R"({"p":0.5,"p":5})";
  EXPECT_EQ(of(R"([{"path":"$.p","range":[0,1]}])", last_is_good), "same");
  EXPECT_EQ(of(R"([{"path":"$.p","range":[0,1]}])", last_is_bad), "property $.p");
  EXPECT_EQ(of(R"([{"path":"$.*","range":[0,9]}])", R"({"p":50,"q":9,"p":0.5})"), "same");
  EXPECT_EQ(of(R"([{"path":"$.*","range":[0,9]}])", R"({"p":0.5,"p":50})"), "property $.p");
}

TEST(Compare, GivesUpOnARegexThatWouldTakeForever) {
  const Result<RuleSet> rules = parse_rules(json(R"([{"path":"$","regex":"^(a|aa)+$"}])"));
  const std::string text = "\"" + std::string(200, 'a') + "b\"";
  EXPECT_EQ(verdict(check_properties(json(text), rules.value(), {})), "property $");
  const std::string long_text = "\"" + std::string(1'000'000, 'x') + "\"";
  EXPECT_EQ(verdict(check_properties(json(long_text), rules.value(), {})), "property $");
}

TEST(Rules, RefuseWhatTheyDoNotKnow) {
  for (const char* text :
       {R"({"rtoll":1})", R"({"rtol":-1})", R"({"rtol":"1"})", R"({"decimals":1.5})",
        R"({"ignore":"$.a"})", R"({"ignore":["a"]})", R"({"nan":"maybe"})", R"({"paths":[]})",
        R"({"paths":{"a":{}}})", R"({"paths":{"$.a":{"regex":"("}}})", R"([{"rtol":1}])",
        R"({"paths":{"$.a":{"range":[2,1]}}})", R"({"paths":{"$.a":{"label":{"cuts":[1]}}}})",
        R"("strict")", "7", R"({"rtol":1,"rtol":2})", R"({"paths":{"$.a":{"type":"float"}}})",
        R"({"paths":{"$.a":{"len":[3,1]}}})"}) {
    EXPECT_FALSE(parse_rules(json(text))) << text;
  }
  EXPECT_EQ(parse_rules(json(R"({"rtoll":1})")).error().message,
            "\"rtoll\" is not a rule that Coldframe knows; did you mean 'rtol'?");
  EXPECT_EQ(parse_rules(json(R"({"paths":{"$.a":{"len":[3,1]}}})")).error().message,
            "\"len\" must be a pair with the lower number first");
}

TEST(Rules, RefuseAKeyThatIsGivenTwice) {
  const auto refusal = [](const char* rules) {
    const Result<RuleSet> parsed = parse_rules(json(rules));
    return parsed ? "accepted" : parsed.error().message;
  };
  EXPECT_EQ(refusal(R"({"ignore":["$.a"],"ignore":["$.b"]})"), "\"ignore\" is given twice");
  EXPECT_EQ(refusal(R"({"paths":{},"paths":{}})"), "\"paths\" is given twice");
  EXPECT_EQ(refusal(R"([{"path":"$.a","atol":1,"path":"$.b"}])"), "\"path\" is given twice");
  EXPECT_EQ(refusal(R"({"paths":{"$.a":{"atol":1},"$.a":{"rtol":1}}})"), "\"$.a\" is given twice");
  EXPECT_EQ(refusal(R"({"paths":{"$.a":{"atol":1,"atol":2}}})"), "\"atol\" is given twice");
}

TEST(Rules, RefuseThoseOfLaterVersions) {
  for (const char* rule :
       {R"("decimals":"auto")", R"("num":1)", R"("ulp":4)", R"("as":"set")",
        R"("profile":"float32")", R"("set":true)", R"("multiset":true)", R"("topk":5)"}) {
    const Result<RuleSet> parsed = parse_rules(json(std::string("{") + rule + "}"));
    ASSERT_FALSE(parsed) << rule;
    EXPECT_EQ(parsed.error().code, ExitCode::usage) << rule;
  }
}

}  // namespace
}  // namespace coldframe
