#include "emulator/json/json_check.hpp"

#include <gtest/gtest.h>

namespace coldframe {
namespace {

constexpr const char* k_source =
    "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); ";

// In Lambda's words, without the place.
std::string lambda_words(const JsonFault& fault) {
  return fault.message.substr(0, fault.message.rfind("\n at "));
}

std::string reason_of(std::string_view text) {
  const auto fault = check_json(text);
  return fault ? lambda_words(*fault) : "valid";
}

std::string plain_of(std::string_view text) {
  const auto fault = check_json(text);
  return fault ? fault->plain : "valid";
}

TEST(JsonCheck, AcceptsEveryKindOfValueAtTheTop) {
  for (const char* text : {"null", "true", "false", "0", "-0", "1.5e-3", "\"\"", "[]", "{}",
                           " \t\r\n{\"a\":[1,{\"b\":null}]}\n"}) {
    EXPECT_EQ(reason_of(text), "valid") << text;
  }
}

TEST(JsonCheck, AcceptsNumbersOfAnySize) {
  EXPECT_EQ(reason_of("1e999"), "valid");
  EXPECT_EQ(reason_of("-1E+99999999999999999999"), "valid");
  EXPECT_EQ(reason_of(std::string(400, '7')), "valid");
}

TEST(JsonCheck, AcceptsDuplicateKeysAndLoneSurrogateEscapes) {
  EXPECT_EQ(reason_of(R"({"a":1,"a":2})"), "valid");
  EXPECT_EQ(reason_of(R"("\ud800")"), "valid");
}

TEST(JsonCheck, WordsAnUnquotedKeyAsRecordedOnLambda) {
  const auto fault = check_json("{bad");
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->message,
            std::string("Unexpected character ('b' (code 98)): was expecting double-quote to start "
                        "field name\n at ") +
                k_source + "line: 1, column: 2]");
  EXPECT_EQ(fault->offset, 1u);
}

TEST(JsonCheck, WordsAQuoteOfTheWrongKindAsRecordedOnLambda) {
  const auto fault = check_json("'test'");
  ASSERT_TRUE(fault);
  EXPECT_EQ(lambda_words(*fault),
            "Unexpected character (''' (code 39)): expected a valid value (JSON String, Number, "
            "Array, Object or token 'null', 'true' or 'false')");
}

TEST(JsonCheck, WordsAMinusWithoutDigitsAsRecordedOnLambda) {
  EXPECT_EQ(reason_of("------WebKit"),
            "Unexpected character ('-' (code 45)) in numeric value: expected digit (0-9) to follow "
            "minus sign, for valid numeric value");
}

TEST(JsonCheck, WordsAMissingCommaAsRecordedOnLambda) {
  const auto fault = check_json("{\n\"body\" : 1\n\"x\": 2}");
  ASSERT_TRUE(fault);
  EXPECT_EQ(lambda_words(*fault),
            "Unexpected character ('\"' (code 34)): was expecting comma to separate Object "
            "entries");
  EXPECT_EQ(fault->line, 3u);
  EXPECT_EQ(fault->column, 1u);
}

TEST(JsonCheck, NamesTheStartByteThatIsNotUtf8) {
  EXPECT_EQ(reason_of("\x87"), "Invalid UTF-8 start byte 0x87");
  EXPECT_EQ(reason_of("\"\x87\""), "Invalid UTF-8 start byte 0x87");
}

TEST(JsonCheck, RefusesOverlongSurrogateAndTooLargeUtf8) {
  EXPECT_EQ(reason_of("\"\xC0\xAF\""), "Invalid UTF-8 start byte 0xc0");
  EXPECT_EQ(reason_of("\"\xE0\x80\xAF\""), "Invalid UTF-8 middle byte 0x80");
  EXPECT_EQ(reason_of("\"\xED\xA0\x80\""), "Invalid UTF-8 middle byte 0xa0");
  EXPECT_EQ(reason_of("\"\xF4\x90\x80\x80\""), "Invalid UTF-8 middle byte 0x90");
  EXPECT_EQ(reason_of("\"\xF5\x80\x80\x80\""), "Invalid UTF-8 start byte 0xf5");
  EXPECT_EQ(reason_of("\"\xE2\x82"), "Unexpected end-of-input in the middle of a UTF-8 character");
  EXPECT_EQ(reason_of("\"\xF0\x9F\x98\x80 \xE2\x82\xAC \xC3\xA9\""), "valid");
}

TEST(JsonCheck, SaysWhereAnUnclosedContainerBegan) {
  const auto fault = check_json("{\"a\":\n  [1, 2");
  ASSERT_TRUE(fault);
  EXPECT_EQ(
      lambda_words(*fault),
      std::string("Unexpected end-of-input: expected close marker for Array (start marker at ") +
          k_source + "line: 2, column: 3])");
  EXPECT_EQ(fault->offset, 13u);
}

TEST(JsonCheck, RefusesWhatJsonDoesNotHave) {
  for (const char* text : {"",         "   ",       "{\"a\":1,}", "[1,]",        "[,1]",
                           "[1 2]",    "{\"a\" 1}", "{,}",        "01",          "-01",
                           "1.",       ".5",        "+1",         "1e",          "1e+",
                           "0x10",     "1.2.3",     "12a",        "tru",         "truex",
                           "nul",      "True",      "NaN",        "Infinity",    "-Infinity",
                           "[1]]",     "{}{}",      "\"\\x\"",    "\"\\u12g4\"", "\"\\u12",
                           "\"abc",    "\"a\nb\"",  "\"\t\"",     "{\"a\":}",    "{\"a\"",
                           "{\"a\":",  "[1}",       "{\"a\":1]",  "/* c */ 1",   "\xEF\xBB\xBF{}",
                           "undefined"}) {
    EXPECT_NE(reason_of(text), "valid") << text;
  }
}

TEST(JsonCheck, SaysPlainlyWhatIsWrong) {
  const std::pair<std::string_view, std::string_view> faults[] = {
      {"", "it is empty"},
      {"{bad", "a key in double quotes is wanted, not 'b'"},
      {"{'a':1}", "a key needs double quotes, not single ones"},
      {"['a']", "a text needs double quotes, not single ones"},
      {R"({"a":1,})", "a comma stands before the closing '}'"},
      {"[1,]", "a comma stands before the closing ']'"},
      {"[1 2]", "a comma or ']' is missing before '2'"},
      {"{\"a\":1\n\"b\":2}", "a comma or '}' is missing before '\"'"},
      {R"({"a" 1})", "a colon is missing before '1'"},
      {R"({"a":})", "a value is missing before '}'"},
      {R"({"a":)", "it ends, and the '{' at line 1, column 1 is not closed"},
      {"{\n [1,2", "a key in double quotes is wanted, not '['"},
      {"[1}", "'}' where ']' is wanted, for the '[' at line 1, column 1"},
      {"{}{}", "the value has ended, and '{' follows it"},
      {"True", "True is no value; did you mean true?"},
      {"None", "None is no value; did you mean null?"},
      {"abc", "abc is no value; a text needs double quotes"},
      {"NaN", "NaN is no JSON number"},
      {"01", "a number may not begin with a zero and another digit"},
      {"-x", "a digit is missing after the minus sign"},
      {"1.", "a digit is missing after the decimal point"},
      {"1e", "a digit is missing in the exponent of a number"},
      {"12a", "'a' cannot follow a number"},
      {"\"a", "it ends inside a text; a double quote is missing"},
      {"{\"a", "it ends inside a key; a double quote is missing"},
      {"\"a\nb\"", "a line break in a text must be written \\n; or a double quote is missing"},
      {"\"\t\"", "a tab in a text must be written \\t"},
      {"\"\x01\"", "a control character in a text must be written \\u0001"},
      {R"("C:\dir")", R"(a backslash cannot stand before 'd'; a backslash itself is \\)"},
      {R"("\u12g4")", R"(four hexadecimal digits must follow \u)"},
      {"\"\xC0\"", "byte 0xc0 is not UTF-8"},
      {"\xEF\xBB\xBF{}", "the control character U+FEFF cannot begin a value"},
      {"@", "'@' cannot begin a value"}};
  for (const auto& [text, plain] : faults)
    EXPECT_EQ(plain_of(text), plain) << text;
  EXPECT_EQ(plain_of(std::string(1001, '[')), "it is nested more than 1000 levels deep");
}

TEST(JsonCheck, SpeaksPlainlyOfEveryFault) {
  for (const char* text : {"{,}", "[,1]", "truex", "nul", "[1]]", "\"\\x\"", "\"\\u12", "-", "1e+",
                           "/* c */ 1", "{\"a\"", "\x87", "\"\xE2\x82", "\"\\"}) {
    const std::string plain = plain_of(text);
    EXPECT_FALSE(plain.empty()) << text;
    for (const char* word :
         {"code ", "token", "REDACTED", "Unexpected", "marker", "end-of-input"}) {
      EXPECT_EQ(plain.find(word), std::string::npos) << text << " → " << plain;
    }
  }
}

TEST(JsonCheck, RefusesControlCharactersAndShowsTheirCode) {
  EXPECT_EQ(reason_of("\"a\nb\""),
            "Illegal unquoted character ((CTRL-CHAR, code 10)): has to be escaped using backslash "
            "to be included in string value");
  EXPECT_NE(reason_of(std::string_view("\"a\0b\"", 5)), "valid");
}

TEST(JsonCheck, TakesAThousandLevelsAndNoMore) {
  const std::string deep = std::string(1000, '[') + std::string(1000, ']');
  EXPECT_EQ(reason_of(deep), "valid");
  EXPECT_NE(reason_of("[" + deep + "]"), "valid");
  EXPECT_NE(reason_of(std::string(2'000'000, '[')), "valid");
}

}  // namespace
}  // namespace coldframe
