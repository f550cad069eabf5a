#include "emulator/invoke_api/function_name.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "emulator/invoke_api/replies.hpp"

namespace coldframe {
namespace {

using Qualifier = std::optional<std::string_view>;

const std::string k_name_pattern =
    R"((arn:(aws[a-zA-Z-]*|eusc)?:lambda:)?)"
    R"(((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?)"
    R"((\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?)";

FunctionReference reference_of(std::string_view name, Qualifier qualifier = std::nullopt) {
  Violations violations;
  auto parsed = parse_function_reference(name, qualifier, violations);
  EXPECT_TRUE(violations.empty()) << name << ": " << violations.front();
  if (auto* fault = std::get_if<RequestFault>(&parsed)) {
    ADD_FAILURE() << name << ": " << fault->body;
    return {};
  }
  return std::get<FunctionReference>(parsed);
}

RequestFault fault_of(std::string_view name, Qualifier qualifier = std::nullopt) {
  Violations violations;
  auto parsed = parse_function_reference(name, qualifier, violations);
  if (!violations.empty()) return replies::validation(violations);
  if (auto* reference = std::get_if<FunctionReference>(&parsed)) {
    ADD_FAILURE() << name << " is taken for " << reference->name << ":" << reference->qualifier;
    return {};
  }
  return std::get<RequestFault>(parsed);
}

std::string message_of(const RequestFault& fault) {
  EXPECT_EQ(fault.status, 400);
  EXPECT_EQ(fault.code, "ValidationException");
  const auto json = nlohmann::json::parse(fault.body, nullptr, false);
  EXPECT_EQ(json.size(), 1U) << fault.body;
  return json.value("message", "");
}

std::string bad_name(const std::string& value) {
  return "Value '" + value +
         "' at 'functionName' failed to satisfy constraint: Member must satisfy "
         "regular expression pattern: " +
         k_name_pattern;
}

struct Form {
  const char* written;
  const char* name;
  const char* qualifier;
  const char* region;
  const char* account;
};

TEST(FunctionName, TakesEveryFormOfTheServiceModel) {
  const Form forms[] = {{"f", "f", "", "", ""},
                        {"My_Function-1", "My_Function-1", "", "", ""},
                        {"with.dots", "with.dots", "", "", ""},
                        {"f:$LATEST", "f", "$LATEST", "", ""},
                        {"f:$LATEST.PUBLISHED", "f", "$LATEST.PUBLISHED", "", ""},
                        {"f:1", "f", "1", "", ""},
                        {"f:prod_2-a", "f", "prod_2-a", "", ""},
                        {"function:f", "f", "", "", ""},
                        {"123456789012:function:f", "f", "", "", "123456789012"},
                        {"123456789012:function:f:7", "f", "7", "", "123456789012"},
                        {"123456789012:f", "f", "", "", "123456789012"},
                        {"us-west-2:123456789012:function:f", "f", "", "us-west-2", "123456789012"},
                        {"arn:aws:lambda:eu-central-1:123456789012:function:f", "f", "",
                         "eu-central-1", "123456789012"},
                        {"arn:aws:lambda:eu-central-1:123456789012:function:f:$LATEST", "f",
                         "$LATEST", "eu-central-1", "123456789012"},
                        {"arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:f", "f", "",
                         "us-gov-west-1", "123456789012"},
                        {"arn:aws-cn:lambda:cn-north-1:123456789012:function:f", "f", "",
                         "cn-north-1", "123456789012"},
                        {"arn:aws-iso:lambda:us-iso-east-1:123456789012:function:f", "f", "",
                         "us-iso-east-1", "123456789012"},
                        {"arn:eusc:lambda:eusc-de-east-1:123456789012:function:f", "f", "",
                         "eusc-de-east-1", "123456789012"},
                        // A partial ARN without a name means a function that is called `function`.
                        {"arn:aws:lambda:us-east-1:123456789012:function", "function", "",
                         "us-east-1", "123456789012"}};
  for (const Form& form : forms) {
    const auto reference = reference_of(form.written);
    EXPECT_EQ(reference.name, form.name) << form.written;
    EXPECT_EQ(reference.qualifier, form.qualifier) << form.written;
    EXPECT_EQ(reference.region, form.region) << form.written;
    EXPECT_EQ(reference.account, form.account) << form.written;
  }
}

TEST(FunctionName, IsPercentDecodedOnce) {
  const auto reference =
      reference_of("arn%3Aaws%3alambda%3Aus-east-1%3A123456789012%3Afunction%3Af%3A%24LATEST");
  EXPECT_EQ(reference.name, "f");
  EXPECT_EQ(reference.qualifier, "$LATEST");
  EXPECT_EQ(reference_of("%66").name, "f");
  EXPECT_EQ(message_of(fault_of("%2566")), "1 validation error detected: " + bad_name("%66"));
}

TEST(FunctionName, Takes65LegalCharactersForANameThatIsJustNotFound) {
  EXPECT_EQ(reference_of(std::string(65, 'a')).name, std::string(65, 'a'));
  EXPECT_EQ(reference_of(std::string(256, 'a')).name.size(), 256U);
}

TEST(FunctionName, LetsAWrongLatestPassToBeNotFoundLater) {
  EXPECT_EQ(reference_of("f:$latest").qualifier, "$latest");
}

TEST(FunctionName, SaysWhichPatternIsViolated) {
  for (const char* name : {"f!", "a b", "f:", ":f", "f:1:2:3", "f:p!", "arn:aws:s3:::bucket",
                           "arn:aws:lambda:us-east-1:12345:function:f", "\xc3\xa9"}) {
    EXPECT_EQ(message_of(fault_of(name)), "1 validation error detected: " + bad_name(name)) << name;
  }
}

TEST(FunctionName, SaysThatItIsTooLong) {
  const std::string name(257, 'a');
  EXPECT_EQ(message_of(fault_of(name)),
            "1 validation error detected: Value '" + name +
                "' at 'functionName' failed to satisfy constraint: Member must have length less "
                "than or equal to 256");
}

TEST(FunctionName, SurvivesBytesThatAreNoText) {
  EXPECT_NE(fault_of("f%00g").body.find("\\u0000"), std::string::npos);
  EXPECT_NE(fault_of("f%ff").body.find("\xef\xbf\xbd"), std::string::npos);
  EXPECT_NE(fault_of("f%22%0a").body.find("\\\"\\n"), std::string::npos);
  message_of(fault_of(std::string(100'000, ':')));
}

TEST(FunctionQualifier, ComesFromTheQueryToo) {
  EXPECT_EQ(reference_of("f", "$LATEST").qualifier, "$LATEST");
  EXPECT_EQ(reference_of("f", "%24LATEST").qualifier, "$LATEST");
  EXPECT_EQ(reference_of("f", "$LATEST.PUBLISHED").qualifier, "$LATEST.PUBLISHED");
  EXPECT_EQ(reference_of("f", "7").qualifier, "7");
  EXPECT_EQ(reference_of("f", "pro-d_1$").qualifier, "pro-d_1$");
  EXPECT_EQ(reference_of("f:7", "7").qualifier, "7");
  EXPECT_EQ(reference_of("f", std::string(128, 'q')).qualifier.size(), 128U);
}

TEST(FunctionQualifier, MustNotContradictTheNames) {
  const auto fault = fault_of("f:1", "2");
  EXPECT_EQ(fault.status, 400);
  EXPECT_EQ(fault.code, "InvalidParameterValueException");
  EXPECT_EQ(fault.body,
            R"({"Type":"User","message":"The derived qualifier from the function name does not )"
            R"(match the specified qualifier."})");
}

std::string bad_qualifier(const std::string& value) {
  return "Value '" + value +
         "' at 'qualifier' failed to satisfy constraint: Member must satisfy "
         R"(regular expression pattern: \$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+)";
}

TEST(FunctionQualifier, SaysWhatIsWrongWithIt) {
  EXPECT_EQ(message_of(fault_of("f", "a.b")),
            "1 validation error detected: " + bad_qualifier("a.b"));
  EXPECT_EQ(message_of(fault_of("f", "a%20b")),
            "1 validation error detected: " + bad_qualifier("a b"));
  const std::string longer(129, 'q');
  EXPECT_EQ(message_of(fault_of("f", longer)),
            "1 validation error detected: Value '" + longer +
                "' at 'qualifier' failed to satisfy constraint: Member must have length less than "
                "or equal to 128");
  EXPECT_EQ(message_of(fault_of("f", "")),
            "1 validation error detected: Value '' at 'qualifier' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1");
}

TEST(FunctionQualifier, IsCountedTogetherWithTheNamesViolation) {
  EXPECT_EQ(message_of(fault_of("f!", "a.b")),
            "2 validation errors detected: " + bad_name("f!") + "; " + bad_qualifier("a.b"));
}

}  // namespace
}  // namespace coldframe
