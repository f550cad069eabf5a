#include "emulator/validate/unmatched.hpp"

#include <gtest/gtest.h>

#include "tests/unit/validate/compare_fixture.hpp"

namespace coldframe {
namespace {

using namespace compare_fixture;

constexpr const char* k_text_body = R"({"body":"{\"score\":0.5,\"n\":[1,2]}"})";
constexpr const char* k_read_body = R"({"body":{"score":0.5,"n":[1,2]}})";

// What the warning of an answer in `got` says; empty if there is none.
std::string said(std::string_view rules, std::string_view got = k_text_body,
                 std::string_view want = k_read_body) {
  const Comparison comparison = compared(want, got, rules);
  std::string text;
  for (const Finding& finding : comparison.findings) {
    if (finding.kind == FindingKind::unmatched_rule) text += finding.message;
  }
  return text;
}

TEST(UnmatchedRule, IsNamedWithTheEmbeddedPathThatWasMeant) {
  const Comparison comparison =
      compared(k_read_body, k_text_body, R"({"paths":{"$.body.score":{"atol":1}}})");
  EXPECT_FALSE(comparison.failed());
  EXPECT_EQ(warning(comparison), "unmatched_rule $.body.score");
  EXPECT_EQ(said(R"({"paths":{"$.body.score":{"atol":1}}})"),
            "rule $.body.score matched nothing; did you mean $.body!.score?");
  EXPECT_EQ(said(R"([{"path":"$.body.n[*]","atol":1}])"),
            "rule $.body.n[*] matched nothing; did you mean $.body!.n[*]?");
  EXPECT_EQ(said(R"({"ignore":["$.body.score"]})"),
            "rule $.body.score matched nothing; did you mean $.body!.score?");
}

TEST(UnmatchedRule, IsNamedInAFailureTooAndWithoutAGuess) {
  EXPECT_EQ(said(R"({"paths":{"$.body.score":{"atol":1}}})", R"({"body":"{\"score\":7}"})",
                 R"({"body":{"score":0.5}})"),
            "rule $.body.score matched nothing; did you mean $.body!.score?");
  EXPECT_EQ(said(R"({"paths":{"$.body!.scroe":{"atol":1}}})"),
            "rule $.body!.scroe matched nothing");
}

TEST(UnmatchedRule, NamesAnEmbeddedPathWhereTheBodyIsNoText) {
  EXPECT_EQ(said(R"({"paths":{"$.body!.score":{"atol":1}}})", k_read_body),
            "rule $.body!.score matched nothing; did you mean $.body.score?");
}

TEST(UnmatchedRule, IsNotSaidOfOneThatHoldsSomewhereOrMayBeAbsent) {
  for (const char* rules :
       {R"({"rtol":1})", R"({"paths":{"$.body!.score":{"atol":1}}})",
        R"({"paths":{"$.body!":{"atol":1}}})", R"({"paths":{"$.body":{"embedded":"auto"}}})",
        R"({"paths":{"$":{"atol":1}}})", R"({"ignore":["$.requestId"]})",
        R"({"paths":{"$.rows[*].x":{"atol":1}}})"}) {
    EXPECT_EQ(said(rules), "") << rules;
  }
  EXPECT_EQ(said(R"({"paths":{"$.body!.score":{"atol":1}}})", R"({"body":"no JSON"})"), "")
      << "that failure has its own sentence";
}

TEST(UnmatchedRule, IsNotSaidOfAnExtraKeyThatIsNotThere) {
  EXPECT_EQ(said(R"({"paths":{"$.debug":{"extra":"fail"}}})"), "");
  EXPECT_EQ(said(R"([{"path":"$.body!.debug","extra":"ignore"}])"), "");
  EXPECT_EQ(said(R"({"paths":{"$.body.debug":{"extra":"fail"}}})"),
            "rule $.body.debug matched nothing")
      << "a text has no keys";
  EXPECT_EQ(said(R"({"paths":{"$.nowhere.debug":{"extra":"fail"}}})"),
            "rule $.nowhere.debug matched nothing");
}

TEST(UnmatchedRule, IsTheScoreOfALabelToo) {
  EXPECT_EQ(said(R"({"paths":{"$.label":{"label":{"from":"$.body.score","cuts":[1],"band":1}}}})",
                 R"({"label":"a"})", R"({"label":"a","body":"{\"score\":1}"})"),
            "\"from\" $.body.score of the rule $.label is nowhere in the wanted answer; did you "
            "mean $.body!.score?");
}

TEST(UnmatchedRule, OfAValueItselfIsAFailureWithTheSameGuess) {
  const Comparison comparison =
      compared(k_read_body, k_text_body, R"({"paths":{"$.body.score":{"range":[0,1]}}})");
  EXPECT_EQ(verdict(comparison), "property $.body.score");
  EXPECT_EQ(comparison.findings.front().message,
            "$.body.score does not exist, but has a rule; did you mean $.body!.score?");
  EXPECT_EQ(comparison.findings.size(), 1u);
}

}  // namespace
}  // namespace coldframe
