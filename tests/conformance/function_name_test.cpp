// The names of a function: conformance cases 51 and 52.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/stub_fixture.hpp"

namespace coldframe::testing {
namespace {

using nlohmann::json;

constexpr const char* k_arn = "arn:aws:lambda:us-east-1:123456789012:function:f";

class FunctionName : public StubFixture {
 protected:
  // What the handler sees as invoked_function_arn.
  std::string arn_seen(StubRuntime& runtime, const std::string& target) {
    RawHttpClient link(*this, port());
    link.send(http_request("POST", target, "{}"));
    const auto event = runtime.serve("1");
    EXPECT_EQ(link.read_reply().status, 200) << target;
    return event.header("Lambda-Runtime-Invoked-Function-Arn");
  }
  HttpReply refused(const std::string& target, const HeaderList& headers = {}) {
    RawHttpClient link(*this, port());
    return link.request("POST", target, "{}", headers);
  }
};

class Case51 : public FunctionName {};
TEST_F(Case51, EveryFormReachesTheFunctionAndOnlyAGivenQualifierIsInTheArn) {
  auto runtime = (start(), warm_runtime());
  const std::string arn = k_arn;
  EXPECT_EQ(arn_seen(runtime, invoke_path("f")), arn);
  EXPECT_EQ(arn_seen(runtime, invoke_path("f:$LATEST")), arn + ":$LATEST");
  EXPECT_EQ(arn_seen(runtime, invoke_path("123456789012:function:f")), arn);
  EXPECT_EQ(arn_seen(runtime, invoke_path(arn)), arn);
  EXPECT_EQ(arn_seen(runtime, invoke_path("arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3A"
                                          "function%3Af")),
            arn);
  EXPECT_EQ(arn_seen(runtime, invoke_path("arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3A"
                                          "function%3Af%3A%24LATEST")),
            arn + ":$LATEST");
  EXPECT_EQ(arn_seen(runtime, invoke_path("f") + "?Qualifier=%24LATEST"), arn + ":$LATEST");
  EXPECT_EQ(arn_seen(runtime, invoke_path("f:prod") + "?Qualifier=prod"), arn + ":prod");
  EXPECT_EQ(launcher.starts(), 1);
}

TEST_F(Case51, ASingleFunctionAlsoAnswersToTheNameFunction) {
  auto runtime = (start(), warm_runtime());
  EXPECT_EQ(arn_seen(runtime, invoke_path("function")), k_arn);
}

TEST_F(Case51, AForeignRegionIsNamedWithOurs) {
  start();
  const auto answer = refused(invoke_path("arn:aws:lambda:eu-west-1:123456789012:function:f"));
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.header("x-amzn-ErrorType"), "ResourceNotFoundException");
  EXPECT_EQ(json::parse(answer.body)["Message"],
            "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')");
}

TEST_F(Case51, AForeignAccountAndALowerCaseLatestAreNotFound) {
  start();
  const auto foreign = refused(invoke_path("999999999999:function:f"));
  EXPECT_EQ(foreign.status, 404);
  EXPECT_EQ(foreign.body, R"({"Type":"User","Message":"Function not found: )"
                          R"(arn:aws:lambda:us-east-1:999999999999:function:f:$LATEST"})");
  EXPECT_EQ(refused(invoke_path("f:$latest")).status, 404);
  EXPECT_EQ(refused(invoke_path(std::string(65, 'n'))).status, 404) << "legal characters: not 400";
}

TEST_F(Case51, WhatIsNoNameAtAllIsAValidationError) {
  start();
  for (const std::string& name :
       {std::string("a%20b"), std::string("f:"), std::string("%24f"), std::string(257, 'n')}) {
    SCOPED_TRACE(name);
    const auto answer = refused(invoke_path(name));
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.header("x-amzn-ErrorType"), "ValidationException");
    EXPECT_TRUE(json::parse(answer.body)["message"].get<std::string>().starts_with(
        "1 validation error detected: Value '"))
        << answer.body;
  }
}

TEST_F(Case51, SeveralViolationsAreCountedInOneMessage) {
  start();
  const auto answer = refused(invoke_path("a%20b") + "?Qualifier=%21");
  EXPECT_EQ(answer.status, 400);
  EXPECT_TRUE(json::parse(answer.body)["message"].get<std::string>().starts_with(
      "2 validation errors detected: Value 'a b' at 'functionName' failed to satisfy constraint: "))
      << answer.body;
  const std::pair<const char*, HeaderList> more[] = {
      {"f", {{"X-Amz-Invocation-Type", "x"}, {"X-Amz-Log-Type", "y"}}},
      {"a%20b", {{"X-Amz-Log-Type", "y"}}}};
  for (const auto& [name, headers] : more) {
    const auto both = refused(invoke_path(name), headers);
    const std::string message = json::parse(both.body)["message"];
    EXPECT_TRUE(message.starts_with("2 validation errors detected: Value '")) << message;
    EXPECT_NE(message.find("; Value 'y' at 'logType' failed to satisfy constraint: Member must "
                           "satisfy enum value set: [None, Tail]"),
              std::string::npos)
        << message;
  }
}

class Case52 : public FunctionName {};
TEST_F(Case52, TwoQualifiersThatDifferAreRefused) {
  start();
  const auto answer = refused(invoke_path("f:1") + "?Qualifier=2");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.header("x-amzn-ErrorType"), "InvalidParameterValueException");
  EXPECT_EQ(answer.body,
            R"({"Type":"User","message":"The derived qualifier from the function name does not )"
            R"(match the specified qualifier."})");
  EXPECT_EQ(launcher.starts(), 0);
}

}  // namespace
}  // namespace coldframe::testing
