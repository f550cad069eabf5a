// What a caller may ask and what it gets: conformance cases 42, 43, 45–50, 53 and 56.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "tests/conformance/texts.hpp"
#include "tests/support/stub_fixture.hpp"

namespace coldframe::testing {
namespace {

using nlohmann::json;

using Case42 = StubFixture;
TEST_F(Case42, ASuccessHasTheVersionNoFunctionErrorAndTheHandlersRequestId) {
  start();
  auto caller = call(R"({"a":1})");
  auto runtime = next_runtime();
  const auto id = runtime.serve("{\"ok\":true}").id;
  const auto answer = caller.finish();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "{\"ok\":true}");
  EXPECT_EQ(answer.header("Content-Type"), "application/json");
  EXPECT_EQ(answer.header("X-Amz-Executed-Version"), "$LATEST");
  EXPECT_EQ(answer.header("x-amzn-RequestId"), id);
  EXPECT_EQ(answer.header("x-amzn-Remapped-Content-Length"), "0");
  EXPECT_EQ(answer.header("Connection"), "keep-alive");
  EXPECT_TRUE(std::regex_match(
      answer.header("X-Amzn-Trace-Id"),
      std::regex("root=1-[0-9a-f]{8}-[0-9a-f]{24};(parent=[0-9a-f]{16};)?sampled=[01].*")))
      << answer.header("X-Amzn-Trace-Id");
  EXPECT_TRUE(
      std::regex_match(answer.header("Date"),
                       std::regex("[A-Z][a-z]{2}, \\d\\d [A-Z][a-z]{2} \\d{4} [0-9:]{8} GMT")));
  EXPECT_FALSE(answer.has("X-Amz-Function-Error"));
  EXPECT_FALSE(answer.has("X-Amz-Log-Result"));
}

TEST_F(Case42, TheSameConnectionServesOneInvokeAfterTheOther) {
  start();
  auto client = caller();
  client.start("1");
  auto runtime = next_runtime();
  runtime.serve("\"one\"");
  EXPECT_EQ(client.finish().body, "\"one\"");
  client.start("2");
  runtime.serve("\"two\"");
  EXPECT_EQ(client.finish().body, "\"two\"");
}

TEST_F(Case42, AnEmptyBodyReachesTheFunctionAsAnEmptyObject) {
  start();
  auto caller = call("");
  auto runtime = next_runtime();
  EXPECT_EQ(runtime.serve("1").body(), "{}");
  EXPECT_EQ(caller.finish().status, 200);
}

TEST_F(Case42, EveryKindOfJsonIsAnEvent) {
  auto runtime = (start(), warm_runtime());
  for (const char* event : {"null", "true", "-1.5e-7", "\"text\"", "[]", "[1,[2]]", "{}", " 1 ",
                            "\"\\ud83d\\ude00\"", "123456789012345678901234567890"}) {
    auto caller = call(event);
    EXPECT_EQ(runtime.serve("1").body(), event);
    EXPECT_EQ(caller.finish().status, 200) << event;
  }
}

using Case43 = StubFixture;
TEST_F(Case43, ARaisingHandlerIsA200WithTheHeaderAndRanExactlyOnce) {
  start();
  auto caller = call("{}");
  auto runtime = next_runtime();
  runtime.next();
  runtime.error(R"({"errorMessage":"boom","errorType":"ValueError"})");
  const auto answer = caller.finish();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("X-Amz-Function-Error"), "Unhandled");
  EXPECT_EQ(answer.header("X-Amz-Executed-Version"), "$LATEST");
  EXPECT_EQ(answer.body, R"({"errorMessage":"boom","errorType":"ValueError"})");
  runtime.ask_next();
  for (int i = 0; i < 10; ++i)
    turn();
  EXPECT_TRUE(runtime.link().quiet()) << "no second invocation";
  EXPECT_EQ(records.invocations.size(), 1U);
}

using Case45 = StubFixture;
TEST_F(Case45, AnEventIsAcceptedAtOnceAndRunsInTheBackground) {
  start();
  const auto answer = caller().invoke(R"({"later":1})", {{"X-Amz-Invocation-Type", "Event"}});
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.body, "");
  EXPECT_FALSE(answer.has("X-Amz-Executed-Version"));
  EXPECT_NE(answer.header("x-amzn-RequestId"), "");
  EXPECT_TRUE(records.invocations.empty());
  auto runtime = next_runtime();
  const auto event = runtime.serve("\"nobody reads this\"");
  EXPECT_EQ(event.body(), R"({"later":1})");
  EXPECT_EQ(event.id, answer.header("x-amzn-RequestId"));
  ASSERT_TRUE(until([&] { return records.count(event.id) == 1; }));
}

TEST_F(Case45, TheClientContextIsNotDeliveredAndALogTailNotGiven) {
  start();
  const auto answer = caller().invoke("{}", {{"X-Amz-Invocation-Type", "Event"},
                                             {"X-Amz-Log-Type", "Tail"},
                                             {"X-Amz-Client-Context", "eyJhIjoxfQ=="}});
  EXPECT_EQ(answer.status, 202);
  EXPECT_FALSE(answer.has("X-Amz-Log-Result"));
  EXPECT_FALSE(next_runtime().next().reply.has("Lambda-Runtime-Client-Context"));
}

TEST_F(Case45, AnEventThatIsNotJsonIsRefused) {
  start();
  EXPECT_EQ(caller().invoke("{bad", {{"X-Amz-Invocation-Type", "Event"}}).status, 400);
  for (int i = 0; i < 5; ++i)
    turn();
  EXPECT_EQ(launcher.starts(), 0);
}

using Case46 = StubFixture;
TEST_F(Case46, ADryRunIsA204AndTheHandlerDoesNotRun) {
  start();
  const auto answer = caller().invoke("{}", {{"X-Amz-Invocation-Type", "DryRun"}});
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.body, "");
  EXPECT_FALSE(answer.has("X-Amz-Executed-Version"));
  EXPECT_NE(answer.header("x-amzn-RequestId"), "");
  for (int i = 0; i < 5; ++i)
    turn();
  EXPECT_EQ(launcher.starts(), 0);
}

using Case47 = StubFixture;
TEST_F(Case47, ABodyThatIsNotJsonIsRefusedInTheServicesWords) {
  start();
  const std::string invalid_utf8 = "{\"a\":\"\x87\"}";
  for (const std::string& body :
       {std::string("{bad"), std::string("{\"a\":1}x"), std::string("[1,]"), std::string("nul"),
        std::string("'a'"), std::string("{\"a\":01}"), std::string(" "), std::string("\"\\x\""),
        invalid_utf8}) {
    SCOPED_TRACE(body);
    const auto answer = caller().invoke(body);
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.header("x-amzn-ErrorType"), "InvalidRequestContentException");
    EXPECT_EQ(answer.header("Content-Type"), "application/json");
    const auto error = json::parse(answer.body);
    EXPECT_EQ(error.size(), 2U);
    EXPECT_EQ(error["Type"], "User");
    EXPECT_TRUE(
        error["message"].get<std::string>().starts_with("Could not parse request body into json: "))
        << answer.body;
  }
  EXPECT_EQ(launcher.starts(), 0);
}

TEST_F(Case47, TheCharacterAndItsPlaceAreNamed) {
  start();
  const auto error = json::parse(caller().invoke("{bad").body);
  const std::string message = error["message"];
  EXPECT_NE(message.find("Unexpected character ('b' (code 98))"), std::string::npos) << message;
  EXPECT_NE(message.find("line: 1, column: "), std::string::npos) << message;
}

using Case48 = StubFixture;
TEST_F(Case48, AnUnknownFunctionIsNotFoundUnderItsFullName) {
  start();
  const auto answer = caller("nobody").invoke("{}");
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.header("x-amzn-ErrorType"), "ResourceNotFoundException");
  EXPECT_EQ(answer.body, R"({"Type":"User","Message":"Function not found: )"
                         R"(arn:aws:lambda:us-east-1:123456789012:function:nobody:$LATEST"})");
  EXPECT_NE(answer.header("x-amzn-RequestId"), "");
}

TEST_F(Case48, TheQualifierThatWasAskedForIsNamed) {
  start();
  const auto answer = caller("nobody:prod").invoke("{}");
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(json::parse(answer.body)["Message"],
            "Function not found: arn:aws:lambda:us-east-1:123456789012:function:nobody:prod");
}

using Case49 = StubFixture;
TEST_F(Case49, AByteTooManyIsRefusedAndTheHandlerDoesNotRun) {
  start();
  const auto answer = caller().invoke('"' + std::string(6291455, 'b') + '"');
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.header("x-amzn-ErrorType"), "RequestEntityTooLargeException");
  EXPECT_EQ(answer.body,
            R"({"Message":"Request must be smaller than 6291456 bytes for the InvokeFunction )"
            R"(operation"})");
  EXPECT_EQ(launcher.starts(), 0);
}

TEST_F(Case49, TheLargestBodyPasses) {
  const std::string body = '"' + std::string(6291454, 'b') + '"';
  start();
  auto caller = call(body);
  auto runtime = next_runtime();
  EXPECT_TRUE(runtime.serve("1").body() == body);
  EXPECT_EQ(caller.finish().status, 200);
}

using Case50 = StubFixture;
TEST_F(Case50, AnEventOfAMebibyteAndAByteIsRefusedWithItsSize) {
  start();
  const HeaderList event{{"X-Amz-Invocation-Type", "Event"}};
  const auto answer = caller().invoke('"' + std::string(1048575, 'e') + '"', event);
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.header("x-amzn-ErrorType"), "RequestEntityTooLargeException");
  EXPECT_EQ(answer.body,
            "{\"Message\":\"1048577 byte payload is too large for the Event invocation type (limit "
            "1048576 bytes)\"}");
  EXPECT_EQ(launcher.starts(), 0);
  EXPECT_EQ(caller().invoke('"' + std::string(1048574, 'e') + '"', event).status, 202);
}

using Case53 = StubFixture;
TEST_F(Case53, AClientContextThatIsNoBase64OfAnObjectIsRefused) {
  start();
  for (const char* context : {"!!!", "bm90IGpzb24=", "WzFd"}) {  // "not json", "[1]"
    SCOPED_TRACE(context);
    const auto answer = caller().invoke("{}", {{"X-Amz-Client-Context", context}});
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.header("x-amzn-ErrorType"), "InvalidRequestContentException");
    EXPECT_EQ(answer.body,
              R"({"Type":null,"message":"Client context must be a valid Base64-encoded JSON )"
              R"(object."})");
  }
  EXPECT_EQ(launcher.starts(), 0);
}

using Case56 = StubFixture;
TEST_F(Case56, AHandlerThatReturnsNothingYieldsNull) {
  start();
  auto caller = call("{}");
  auto runtime = next_runtime();
  runtime.serve("null");
  const auto answer = caller.finish();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "null");
  EXPECT_FALSE(answer.has("X-Amz-Function-Error"));
}

// §10.1: the emulator of AWS hands a bare GET to the runtime as an empty event.
using BareGet = StubFixture;
TEST_F(BareGet, NeverReachesTheRuntimeOnAnyPath) {
  auto runtime = (start(), warm_runtime());
  RawHttpClient browser(*this, port());
  EXPECT_EQ(browser.request("GET", invoke_path("f")).status, 405);
  EXPECT_EQ(browser.request("PUT", invoke_path("f"), "{}").status, 405);
  EXPECT_EQ(browser.request("GET", invoke_path("f")).header("Allow"), "POST");
  EXPECT_EQ(browser.request("POST", "/healthz", "{}").header("Allow"), "GET, HEAD");
  EXPECT_EQ(browser.request("GET", "/healthz").status, 200);
  EXPECT_EQ(browser.request("GET", "/").status, 200);
  EXPECT_EQ(browser.request("GET", "/favicon.ico").status, 404);
  EXPECT_EQ(browser.request("POST", "/2015-03-31/functions/f/nothing", "{}").status, 404);
  for (int i = 0; i < 5; ++i)
    turn();
  EXPECT_TRUE(runtime.link().quiet());
  EXPECT_EQ(launcher.starts(), 1);
}

// SDKs invoke again after a 5xx.
using FunctionErrors = StubFixture;
TEST_F(FunctionErrors, AreNeverA5xxHoweverTheyComeAbout) {
  start();
  const std::vector<std::function<void(StubRuntime&)>> failures{
      [&](StubRuntime& runtime) { runtime.error("{}"); },
      [&](StubRuntime& runtime) { runtime.respond(std::string(6291557, 'x')); },
      [&](StubRuntime&) { launcher.latest().exit(0); },
      [&](StubRuntime&) { launcher.latest().signal(9); },
      [&](StubRuntime&) { clock.advance(std::chrono::seconds(3)); },
      [&](StubRuntime& runtime) {
        runtime.link().send(
            http_request("POST", response_path(runtime.id()), "x", {{"Content-Length", "9"}}));
        runtime.link().close();
      },
  };
  for (std::size_t i = 0; i < failures.size(); ++i) {
    SCOPED_TRACE(i);
    auto caller = call("{}");
    auto runtime = next_runtime();
    runtime.next();
    failures[i](runtime);
    const auto answer = caller.finish();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.header("X-Amz-Function-Error"), "Unhandled");
    if (launcher.latest().running()) launcher.latest().exit(0);
  }
}

}  // namespace
}  // namespace coldframe::testing
