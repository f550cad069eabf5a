#include "emulator/invoke_api/payload_check.hpp"

#include <gtest/gtest.h>

#include "emulator/net/http_message.hpp"

namespace coldframe {
namespace {

class PayloadCheckTest : public ::testing::Test {
 protected:
  // Both with the room that a connection leaves behind a body, and without.
  std::optional<std::string> fault(const std::string& text) {
    std::string roomy;
    roomy.reserve(text.size() + http::k_body_padding);
    roomy = text;
    std::string tight = text;
    tight.shrink_to_fit();
    auto first = check.fault(roomy);
    EXPECT_EQ(check.fault(tight), first) << text.substr(0, 100);
    return first;
  }
  bool accepts(const std::string& text) { return !fault(text); }

  PayloadCheck check;
};

TEST_F(PayloadCheckTest, AcceptsEveryKindOfJson) {
  for (const char* text :
       {"{}", "[]", "null", "true", "false", "0", "-1.5e-3", "\"text\"", " {} ", "\n[1,\t2]\r\n",
        R"({"a":{"b":[1,"x",null]}})", R"("\u00e9\ud83d\ude00")", "\"\xf0\x9f\x98\x80\""}) {
    EXPECT_TRUE(accepts(text)) << text;
  }
}

TEST_F(PayloadCheckTest, AcceptsNumbersThatFitNoMachineWord) {
  for (const char* text : {"12345678901234567890123456789012345678901234567890", "1e999", "-1e-999",
                           "9223372036854775808", "18446744073709551616", "[-9223372036854775809]",
                           R"({"n":1E400})", "0.1234567890123456789012345678901234567890"}) {
    EXPECT_TRUE(accepts(text)) << text;
  }
}

TEST_F(PayloadCheckTest, AcceptsDuplicateKeys) { EXPECT_TRUE(accepts(R"({"a":1,"a":2,"a":1})")); }

TEST_F(PayloadCheckTest, RefusesWhatIsNotJsonWithTheParsersWords) {
  const auto why = fault("{bad");
  ASSERT_TRUE(why);
  EXPECT_TRUE(why->starts_with("Unexpected character ('b' (code 98))")) << *why;
  EXPECT_NE(why->find("line: 1, column: 2"), std::string::npos) << *why;
  for (const char* text :
       {"",         " ",     "{",   "}",    "[1,]",    "{\"a\":1,}", "{'a':1}",
        "{a:1}",    "[1 2]", "01",  "1.",   ".5",      "+1",         "--1",
        "1e",       "tru",   "nul", "True", "\"open",  "\"\\x\"",    "\"\\u12\"",
        "\"a\nb\"", "{}{}",  "1 2", "[}",   "// c\n1", "undefined",  "\xef\xbb\xbf"}) {
    EXPECT_FALSE(accepts(text)) << text;
  }
}

TEST_F(PayloadCheckTest, RefusesNumbersThatAreNone) {
  for (const char* text : {"NaN", "Infinity", "-Infinity", "[NaN]", "0x10", "1_000"}) {
    EXPECT_FALSE(accepts(text)) << text;
  }
}

TEST_F(PayloadCheckTest, RefusesBytesThatAreNotUtf8) {
  for (const char* text : {"\"\x87\"", "\"\xff\"", "\"\xc3\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"",
                           "\"\xf5\x80\x80\x80\"", "{\"\x87\":1}"}) {
    EXPECT_FALSE(accepts(text)) << text;
  }
  const auto why = fault("\"\x87\"");
  ASSERT_TRUE(why);
  EXPECT_TRUE(why->starts_with("Invalid UTF-8 start byte 0x87")) << *why;
}

TEST_F(PayloadCheckTest, RefusesANulByte) {
  EXPECT_FALSE(accepts(std::string("{}\0", 3)));
  EXPECT_FALSE(accepts(std::string("\0{}", 3)));
  EXPECT_FALSE(accepts(std::string("\"a\0b\"", 5)));
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST_F(PayloadCheckTest, AcceptsAThousandLevelsAndSurvivesAMillion) {
  EXPECT_TRUE(accepts(nested(1000)));
  EXPECT_FALSE(accepts(nested(1001)));
  EXPECT_FALSE(accepts("[\"" + std::string(100'000, 'x') + "\"," + nested(1000) + "]"));
  const auto why = fault(nested(1'000'000));
  ASSERT_TRUE(why);
  EXPECT_NE(why->find("nesting depth"), std::string::npos) << *why;
  EXPECT_FALSE(accepts(std::string(1'000'000, '[')));
  EXPECT_FALSE(accepts(std::string(1'000'000, '{')));
}

TEST_F(PayloadCheckTest, AcceptsSixMegabytesInOneStringAndInManyValues) {
  const std::size_t size = 6 * 1024 * 1024;
  EXPECT_TRUE(accepts("\"" + std::string(size - 2, 'x') + "\""));
  std::string many = "[0";
  while (many.size() < size - 4)
    many += ",12";
  EXPECT_TRUE(accepts(many + "]"));
  EXPECT_FALSE(accepts(many));
  EXPECT_FALSE(accepts("\"" + std::string(size, 'x')));
}

TEST_F(PayloadCheckTest, ForgetsOneBodyBeforeTheNext) {
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(accepts(R"({"i":)" + std::to_string(i) + "}"));
    ASSERT_FALSE(accepts(R"({"i":)" + std::to_string(i)));
    const std::size_t large = i % 100 == 0 ? 70'000 : 10;
    ASSERT_TRUE(accepts("\"" + std::string(large, 'x') + "\""));
  }
}

}  // namespace
}  // namespace coldframe
