#include "emulator/validate/json_path.hpp"

#include <gtest/gtest.h>

namespace coldframe {
namespace {

JsonPath body_score(std::size_t index) {
  JsonPath path;
  path.push_key("body");
  path.push_embedded();
  path.push_key("scores");
  path.push_index(index);
  return path;
}

TEST(JsonPath, WritesKeysIndexesAndEmbeddedText) {
  EXPECT_EQ(JsonPath().text(), "$");
  EXPECT_EQ(body_score(3).text(), "$.body!.scores[3]");
  JsonPath odd;
  odd.push_key("a b\"");
  EXPECT_EQ(odd.text(), R"($["a b\""])");
}

TEST(PathPattern, ReadsBackWhatPathsWrite) {
  for (const char* text : {"$", "$.body!.scores[3]", R"($["a b\""].x)", "$.a[*].*!"}) {
    const Result<PathPattern> pattern = PathPattern::parse(text);
    ASSERT_TRUE(pattern) << text;
    EXPECT_EQ(pattern.value().text(), text);
  }
}

TEST(PathPattern, CoversItsPlaceAndAllBeneath) {
  const JsonPath path = body_score(3);
  for (const char* text :
       {"$", "$.body", "$.body!", "$.body!.scores", "$.body!.scores[3]", "$.*!.scores[*]"}) {
    EXPECT_TRUE(PathPattern::parse(text).value().covers(path)) << text;
  }
  for (const char* text : {"$.scores", "$.body.scores", "$.body!.scores[2]", "$.body!.scores.*",
                           "$.body!.scores[3].x"}) {
    EXPECT_FALSE(PathPattern::parse(text).value().covers(path)) << text;
  }
  EXPECT_TRUE(PathPattern::parse("$.body!.scores[*]").value().is_at(path));
  EXPECT_FALSE(PathPattern::parse("$.body!.scores").value().is_at(path));
}

TEST(PathPattern, RefusesWhatIsNoPath) {
  for (const char* text : {"", "score", "$score", "$.", "$..a", "$[", "$[x]", "$[1", "$[\"a]"}) {
    EXPECT_FALSE(PathPattern::parse(text)) << text;
  }
}

TEST(PathPattern, LocatesValuesAlsoInsideTexts) {
  const ParsedJson root = parse_json(R"({"body":"{\"a\":[1,2]}","other":{"a":[7]}})");
  std::deque<JsonValue> arena;
  const auto inside = locate(root.value(), PathPattern::parse("$.body!.a[*]").value(), arena);
  ASSERT_EQ(inside.size(), 2u);
  EXPECT_EQ(inside[1].path, "$.body!.a[1]");
  EXPECT_EQ(inside[1].value->text(), "2");
  const auto decoded = locate(root.value(), PathPattern::parse("$.other!.a[0]").value(), arena);
  ASSERT_EQ(decoded.size(), 1u) << "a body that a golden holds already read counts as well";
}

TEST(PathPattern, LocatesValuesInABodyOutOfBase64WhereTheFlagSaysSo) {
  std::deque<JsonValue> arena;
  const PathPattern pattern = PathPattern::parse("$.body!.score").value();
  // {"score":0.5}
  const ParsedJson flagged =
      parse_json(R"({"isBase64Encoded":true,"body":"eyJzY29yZSI6MC41fQ=="})");
  const auto found = locate(flagged.value(), pattern, arena);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].value->text(), "0.5");
  const ParsedJson other = parse_json(R"({"isBase64Encoded":false,"body":"eyJzY29yZSI6MC41fQ=="})");
  EXPECT_TRUE(locate(other.value(), pattern, arena).empty());
  const ParsedJson wrong = parse_json(R"({"isBase64Encoded":true,"body":"{\"score\":0.5}"})");
  EXPECT_EQ(locate(wrong.value(), pattern, arena).size(), 1u) << "a wrong flag is named elsewhere";
}

}  // namespace
}  // namespace coldframe
