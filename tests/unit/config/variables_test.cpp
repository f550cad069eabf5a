// The customer's variables: the rules of Lambda, and the file of SAM's shape.
#include <gtest/gtest.h>

#include "emulator/config/function_file.hpp"
#include "tests/unit/process/child_fixture.hpp"

namespace coldframe {
namespace {

using Variables = std::map<std::string, std::string>;

struct Checked {
  FunctionConfig config;
  std::vector<std::string> warnings;
  std::string error;
};

Checked check(Variables variables) {
  Checked out;
  out.config.variables = std::move(variables);
  auto result = check_variables(out.config, "here", out.warnings);
  if (!result) {
    EXPECT_EQ(result.error().code, ExitCode::usage);
    out.error = result.error().message;
  }
  return out;
}

TEST(CheckVariables, LetsOrdinaryOnesThroughInSilence) {
  const auto got = check({{"MODEL", "v3"}, {"a1", ""}, {"TZ", "Europe/Berlin"}});
  EXPECT_EQ(got.error, "");
  EXPECT_TRUE(got.warnings.empty());
  EXPECT_EQ(got.config.variables.size(), 3U);
}

TEST(CheckVariables, DropsNamesThatBeginWithAnUnderscoreAndSaysSo) {
  const auto got = check({{"_X", "1"}, {"_HANDLER", "h"}, {"OK", "1"}});
  EXPECT_EQ(got.config.variables, (Variables{{"OK", "1"}}));
  EXPECT_EQ(got.warnings.size(), 2U);
  EXPECT_EQ(got.warnings[1], "variable '_X' is dropped: Lambda keeps names that begin with _");
}

TEST(CheckVariables, WarnsOfReservedNames) {
  const auto got = check({{"AWS_REGION", "zz"}});
  EXPECT_EQ(got.error, "");
  ASSERT_EQ(got.warnings.size(), 1U);
  EXPECT_EQ(got.warnings[0],
            "variable 'AWS_REGION' is reserved: the function sees Lambda's value, not yours; "
            "--region sets it");
}

TEST(CheckVariables, RefusesNamesThatLambdaRefuses) {
  for (const char* name : {"A", "1A", "A-B", "", "A B"}) {
    EXPECT_EQ(
        check({{name, "x"}}).error,
        "here: '" + std::string(name) +
            "' is not a variable name for Lambda; a letter first, then letters, digits and _, "
            "at least two characters");
  }
}

TEST(CheckVariables, RefusesANulByteInAValue) {
  EXPECT_EQ(check({{"AB", std::string("a\0b", 3)}}).error,
            "here: the value of 'AB' contains a NUL byte");
}

TEST(CheckVariables, AllowsFourKilobytesOfNamesAndValuesTogether) {
  EXPECT_EQ(check({{"NAME", std::string(4092, 'x')}}).error, "");
  EXPECT_EQ(check({{"NAME", std::string(4093, 'x')}}).error,
            "here: environment variables take 4097 bytes; Lambda allows 4096 for names and values "
            "together");
  EXPECT_EQ(check({{"AA", std::string(2046, 'x')}, {"BB", std::string(2046, 'x')}}).error, "");
  EXPECT_NE(check({{"AA", std::string(2046, 'x')}, {"BB", std::string(2047, 'x')}}).error, "");
  EXPECT_EQ(check({{"_DROPPED", std::string(9000, 'x')}, {"OK", "1"}}).error, "");
}

class VariablesFile : public ::testing::Test {
 protected:
  std::string merge(const std::string& text) {
    const auto path = dir.write("env.json", text);
    warnings.clear();
    auto result = merge_variables_file(path, config, warnings);
    if (result) return "";
    EXPECT_EQ(result.error().code, ExitCode::usage);
    EXPECT_TRUE(result.error().message.starts_with(path)) << result.error().message;
    return result.error().message.substr(std::min(path.size(), result.error().message.size()));
  }

  testing::TempDir dir;
  FunctionConfig config;
  std::vector<std::string> warnings;
};

TEST_F(VariablesFile, MergesParametersAndThenTheFunctionsOwn) {
  config.name = "scoring";
  config.variables = {{"KEPT", "file"}, {"AB", "file"}, {"CD", "file"}};
  EXPECT_EQ(merge(R"({"Parameters":{"AB":"all","CD":"all"},"scoring":{"CD":"own"},
                      "other":{"AB":"no"}})"),
            "");
  EXPECT_EQ(config.variables, (Variables{{"KEPT", "file"}, {"AB", "all"}, {"CD", "own"}}));
}

TEST_F(VariablesFile, WritesNumbersAndTruthValuesAsText) {
  EXPECT_EQ(merge(R"({"Parameters":{"NUM":3,"BIG":1234567890123,"NEG":-1,"YES":true,"TXT":"t"}})"),
            "");
  EXPECT_EQ(
      config.variables,
      (Variables{
          {"NUM", "3"}, {"BIG", "1234567890123"}, {"NEG", "-1"}, {"YES", "true"}, {"TXT", "t"}}));
}

TEST_F(VariablesFile, RefusesOtherValuesAndShapes) {
  EXPECT_EQ(merge(R"({"Parameters":{"AB":[1]}})"),
            ": Parameters.AB must be a text, a number or true/false");
  EXPECT_EQ(merge(R"({"Parameters":{"AB":null}})"),
            ": Parameters.AB must be a text, a number or true/false");
  EXPECT_EQ(merge(R"({"Parameters":"AB=1"})"), ": Parameters must be an object");
  EXPECT_EQ(merge(R"([])"), ": must hold a JSON object");
  EXPECT_TRUE(merge("{").starts_with(":1:"));
}

TEST_F(VariablesFile, RefusesNamesThatLambdaRefuses) {
  EXPECT_EQ(merge(R"({"Parameters":{"A":1}})"),
            ": Parameters: 'A' is not a variable name for Lambda; a letter first, then letters, "
            "digits and _, at least two characters");
  config.name = "scoring";
  EXPECT_TRUE(merge(R"({"scoring":{"1A":"x"}})").starts_with(": scoring: '1A' is not a variable"));
  EXPECT_EQ(merge(R"({"scoring":{"_X":"x"}})"), "") << "dropped later, with a warning";
}

// {"AB": "1"} is what people write first; to take it and set nothing would help nobody.
TEST_F(VariablesFile, DoesNotSilentlySetNothing) { EXPECT_NE(merge(R"({"AB":"1","CD":"2"})"), ""); }

TEST_F(VariablesFile, ThatIsForOtherFunctionsIsWarnedOf) {
  config.name = "scoring";
  EXPECT_EQ(merge(R"({"scorring":{"AB":"1"}})"), "");
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0], dir.path() +
                             "/env.json sets nothing for 'scoring': it has neither \"Parameters\" "
                             "nor \"scoring\", only \"scorring\"");
  EXPECT_EQ(merge(R"({"a":{"AB":"1"},"b":{}})"), "");
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_TRUE(warnings[0].ends_with("only \"a\" and others")) << warnings[0];
  EXPECT_TRUE(config.variables.empty());
  for (const char* text : {"{}", R"({"Parameters":{}})", R"({"scoring":{},"other":{}})",
                           R"({"Parameters":{"AB":"1"},"other":{}})"}) {
    EXPECT_EQ(merge(text), "");
    EXPECT_TRUE(warnings.empty()) << text;
  }
}

TEST_F(VariablesFile, MustExist) {
  auto result = merge_variables_file(dir.path() + "/none.json", config, warnings);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ExitCode::usage);
  EXPECT_EQ(result.error().message,
            "cannot read variables file '" + dir.path() + "/none.json': No such file or directory");
}

}  // namespace
}  // namespace coldframe
