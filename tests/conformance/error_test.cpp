// The runtime reports an error: conformance cases 12, 13 and 21–23.
#include <gtest/gtest.h>

#include "tests/conformance/texts.hpp"
#include "tests/support/stub_fixture.hpp"

namespace coldframe::testing {
namespace {

using namespace std::chrono_literals;

using Case12 = StubFixture;
TEST_F(Case12, AfterAnInitErrorNothingElseIsAllowed) {
  options.provisioned = 1;
  start();
  auto runtime = next_runtime();
  const auto reply = runtime.init_error(R"({"errorMessage":"no model","errorType":"BadModel"})");
  EXPECT_EQ(reply.status, 202);
  EXPECT_EQ(reply.body, k_accepted);
  const auto next = runtime.next_reply();
  EXPECT_EQ(next.status, 403);
  EXPECT_EQ(next.body, not_allowed("InitError", "Ready"));
  const auto again = runtime.init_error("{}");
  EXPECT_EQ(again.status, 403);
  EXPECT_EQ(again.body, not_allowed("InitError", "InitError"));
}

using Case13 = StubFixture;
TEST_F(Case13, AnInitErrorDuringAnInvokeIsRefusedAndTheInvokeStaysOpen) {
  start();
  auto caller = call("{}");
  auto runtime = next_runtime();
  runtime.next();
  const auto reply = runtime.init_error("{}");
  EXPECT_EQ(reply.status, 403);
  EXPECT_EQ(reply.body, not_allowed("Running", "InitError"));
  EXPECT_EQ(runtime.respond("\"still\"").status, 202);
  EXPECT_EQ(caller.finish().body, "\"still\"");
}

using Case21 = StubFixture;
TEST_F(Case21, TheErrorBodyReachesTheCallerByteForByteAsUnhandled) {
  const std::string body = R"({ "errorMessage": "bo\u006fm", "errorType":"ValueError", )"
                           R"("requestId": "", "stackTrace":[]})";
  start();
  auto caller = call("{}");
  auto runtime = next_runtime();
  runtime.next();
  const auto reply = runtime.error(body);
  EXPECT_EQ(reply.status, 202);
  EXPECT_EQ(reply.body, k_accepted);
  const auto answer = caller.finish();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("X-Amz-Function-Error"), "Unhandled");
  EXPECT_EQ(answer.body, body);
  runtime.ask_next();
  ASSERT_TRUE(until([&] { return records.invocations.size() == 1; }));
  EXPECT_EQ(records.invocations[0].status, InvocationStatus::function_error);
  EXPECT_EQ(records.invocations[0].error_type, "Runtime.Unknown");
}

TEST_F(Case21, TheErrorTypeHeaderIsKeptOrCleanedButNeverTouchesTheBody) {
  const std::pair<const char*, const char*> types[] = {
      {"Runtime.ImportModuleError", "Runtime.ImportModuleError"},
      {"Function.Boom", "Function.Boom"},
      {"Function.boom", "Function.Unknown"},
      {"unhandled", "Runtime.Unknown"},
      {"ValueError", "Runtime.Unknown"},
  };
  auto runtime = (start(), warm_runtime());
  for (const auto& [sent, kept] : types) {
    SCOPED_TRACE(sent);
    auto caller = call("{}");
    runtime.next();
    EXPECT_EQ(runtime.error("{\"e\":1}", {{"Lambda-Runtime-Function-Error-Type", sent}}).status,
              202);
    EXPECT_EQ(caller.finish().body, "{\"e\":1}");
    const auto before = records.invocations.size();
    runtime.ask_next();
    ASSERT_TRUE(until([&] { return records.invocations.size() > before; }));
    EXPECT_EQ(records.invocations.back().error_type, kept);
  }
}

using Case22 = StubFixture;
TEST_F(Case22, ACauseHeaderOf900KibibytesIsAccepted) {
  start();
  auto caller = call("{}");
  auto runtime = next_runtime();
  runtime.next();
  const std::string cause = "{\"message\":\"" + std::string(900 * 1024, 'c') + "\"}";
  EXPECT_EQ(runtime.error("{}", {{"Lambda-Runtime-Function-XRay-Error-Cause", cause}}).status, 202);
  EXPECT_EQ(caller.finish().body, "{}");
}

using Case23 = StubFixture;
TEST_F(Case23, TheErrorCauseIsStrippedFromTheBodyTheCallerSees) {
  start();
  auto caller = call("{}");
  auto runtime = next_runtime();
  runtime.next();
  EXPECT_EQ(runtime
                .error(R"({"errorMessage":"m","errorCause":{"exceptions":[]},"errorType":"t"})",
                       {{"Content-Type", "application/vnd.aws.lambda.error.cause+json"}})
                .status,
            202);
  const auto answer = caller.finish();
  EXPECT_EQ(answer.body, R"({"errorMessage":"m","errorType":"t"})");
  EXPECT_EQ(answer.header("X-Amz-Function-Error"), "Unhandled");
}

TEST_F(Case23, ACauseBodyThatCannotBeParsedBecomesAFixedText) {
  start();
  auto caller = call("{}");
  auto runtime = next_runtime();
  runtime.next();
  EXPECT_EQ(
      runtime.error("{nonsense", {{"Content-Type", "application/vnd.aws.lambda.error.cause+json"}})
          .status,
      202);
  EXPECT_EQ(caller.finish().body, "\"Invalid error body\"");
}

// §10.1: Java posts an error for the same id after its response was refused as too large.
using LateErrorOfJava = StubFixture;
TEST_F(LateErrorOfJava, IsRefusedAndNeverReachesTheNextCaller) {
  start();
  auto caller = call("1");
  auto runtime = next_runtime();
  const auto id = runtime.next().id;
  EXPECT_EQ(runtime.respond(std::string(6291557, 'j')).status, 413);
  const auto late = runtime.post(error_path(id), R"({"errorMessage":"late"})");
  EXPECT_EQ(late.status, 403);
  EXPECT_EQ(late.body, not_allowed("RuntimeResponseSentState", "InvocationErrorResponse"));
  EXPECT_EQ(caller.finish().body, k_oversize);

  auto next_caller = call("2");  // waits for this environment, which is about to ask for it
  runtime.ask_next();
  EXPECT_EQ(runtime.next().body(), "2");
  const auto later = runtime.post(error_path(id), R"({"errorMessage":"later"})");
  EXPECT_EQ(later.status, 400);
  EXPECT_EQ(later.body, k_invalid_id);
  EXPECT_FALSE(next_caller.answered());
  runtime.respond("\"mine\"");
  EXPECT_EQ(next_caller.finish().body, "\"mine\"");
}

}  // namespace
}  // namespace coldframe::testing
