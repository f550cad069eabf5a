// The runtime asks for its next event: conformance cases 1–6, 9 and 25.
#include <gtest/gtest.h>

#include <regex>

#include "tests/conformance/texts.hpp"
#include "tests/support/stub_fixture.hpp"

namespace coldframe::testing {
namespace {

using namespace std::chrono_literals;

using Case01 = StubFixture;
TEST_F(Case01, AnIdleRuntimeWaitsInNextWithoutAByte) {
  options.provisioned = 1;
  start();
  auto runtime = next_runtime();
  runtime.ask_next();
  ASSERT_TRUE(until([&] { return states() == std::vector<std::string>{"Idle"}; }));
  clock.advance(5s);
  for (int i = 0; i < 20; ++i)
    turn();
  EXPECT_TRUE(runtime.link().quiet());
}

using Case02 = StubFixture;
TEST_F(Case02, AnEventReachesTheRuntimeByteForByteWithItsHeaders) {
  start();
  auto caller = call(R"({"a":1})");
  auto runtime = next_runtime();
  const auto event = runtime.next();
  EXPECT_EQ(event.reply.status, 200);
  EXPECT_EQ(event.body(), R"({"a":1})");
  EXPECT_EQ(event.header("Content-Type"), "application/json");
  EXPECT_TRUE(std::regex_match(
      event.id, std::regex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")))
      << event.id;
  EXPECT_TRUE(
      std::regex_match(event.header("Lambda-Runtime-Deadline-Ms"), std::regex("[0-9]{13}")));
  EXPECT_EQ(event.header("Lambda-Runtime-Invoked-Function-Arn"),
            "arn:aws:lambda:us-east-1:123456789012:function:f");
  EXPECT_TRUE(std::regex_match(
      event.header("Lambda-Runtime-Trace-Id"),
      std::regex("Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=[01]")))
      << event.header("Lambda-Runtime-Trace-Id");
  EXPECT_FALSE(event.reply.has("Lambda-Runtime-Client-Context"));
  EXPECT_FALSE(event.reply.has("Lambda-Runtime-Cognito-Identity"));
  EXPECT_FALSE(event.reply.has("Lambda-Runtime-Aws-Tenant-Id"));
}

// The Invoke API has no way to say who the caller is; a program that holds the library has.
TEST_F(Case02, TheIdentityThatALibraryCallerGivesReachesTheRuntime) {
  start();
  InvokeRequest request;
  request.function = "f";
  request.payload = make_payload("{}");
  request.cognito_identity = R"({"cognitoIdentityId":"i","cognitoIdentityPoolId":"p"})";
  bool done = false;
  emulator().invoke(std::move(request), [&](InvokeResult&&) { done = true; });
  auto runtime = next_runtime();
  EXPECT_EQ(runtime.next().header("Lambda-Runtime-Cognito-Identity"),
            R"({"cognitoIdentityId":"i","cognitoIdentityPoolId":"p"})");
  runtime.respond("1");
  EXPECT_TRUE(until([&] { return done; }));
}

TEST_F(Case02, DuplicateKeysBigIntegersAndBlanksPassUntouched) {
  const std::string odd = "\t{ \"a\" : 123456789012345678901234567890, \"a\":1.10e+5 }\r\n";
  start();
  auto caller = call(odd);
  auto runtime = next_runtime();
  EXPECT_EQ(runtime.next().body(), odd);
}

TEST_F(Case02, TheRootOfTheCallersTraceReachesTheRuntime) {
  const std::string root = "1-5759e988-bd862e3fe1be46a994272793";
  start();
  auto caller =
      call("{}", {{"X-Amzn-Trace-Id", "Root=" + root + ";Parent=53995c3f42cd8ad8;Sampled=1"}});
  auto runtime = next_runtime();
  EXPECT_TRUE(runtime.next().header("Lambda-Runtime-Trace-Id").starts_with("Root=" + root + ";"));
}

using Case03 = StubFixture;
TEST_F(Case03, TheDeadlineIsTheDispatchPlusTheTimeoutHoweverLongTheInitTook) {
  start();
  auto caller = call("{}");
  auto runtime = next_runtime();
  clock.advance(2500ms);
  const auto dispatched = clock.wall_now();
  const auto wanted =
      std::chrono::duration_cast<std::chrono::milliseconds>(dispatched.time_since_epoch() + 3s);
  EXPECT_EQ(runtime.next().header("Lambda-Runtime-Deadline-Ms"), std::to_string(wanted.count()));
}

using Case04 = StubFixture;
TEST_F(Case04, TheCallersContentTypeIsNotHandedOn) {
  start();
  auto caller = call("{}", {{"Content-Type", "application/x-www-form-urlencoded"}});
  auto runtime = next_runtime();
  EXPECT_EQ(runtime.next().header("Content-Type"), "application/json");
}

using Case05 = StubFixture;
TEST_F(Case05, TheClientContextArrivesDecoded) {
  start();
  auto caller = call("{}", {{"X-Amz-Client-Context", "eyJjdXN0b20iOnsiayI6InYifX0="}});
  auto runtime = next_runtime();
  EXPECT_EQ(runtime.next().header("Lambda-Runtime-Client-Context"), R"({"custom":{"k":"v"}})");
}

using Case06 = StubFixture;
TEST_F(Case06, TheTenantIdArrives) {
  start();
  auto caller = call("{}", {{"X-Amz-Tenant-Id", "t1"}});
  auto runtime = next_runtime();
  EXPECT_EQ(runtime.next().header("Lambda-Runtime-Aws-Tenant-Id"), "t1");
}

using Case09 = StubFixture;
TEST_F(Case09, ASecondNextGetsTheSameEventAtOnceAndTheInvokeStaysAnswerable) {
  start();
  auto caller = call(R"({"n":9})");
  auto runtime = next_runtime();
  const auto first = runtime.next();
  const auto second = runtime.next();
  EXPECT_EQ(second.reply.status, 200);
  EXPECT_EQ(second.id, first.id);
  EXPECT_EQ(second.body(), first.body());
  EXPECT_FALSE(caller.answered());
  EXPECT_EQ(runtime.respond("\"late\"").status, 202);
  EXPECT_EQ(caller.finish().body, "\"late\"");
}

using NextPoll = StubFixture;
TEST_F(NextPoll, TwoPollsThatWaitAreReleasedWithTheSameEvent) {
  auto runtime = (start(), warm_runtime());
  StubRuntime other(*this, launcher.latest().port());
  other.ask_next();
  for (int i = 0; i < 5; ++i)
    turn();
  EXPECT_TRUE(other.link().quiet());
  auto caller = call(R"({"n":1})");
  const auto first = runtime.next();
  const auto second = other.next();
  EXPECT_EQ(first.id, second.id);
  EXPECT_EQ(runtime.respond("1").body, k_accepted);
  EXPECT_EQ(caller.finish().body, "1");
}

TEST_F(NextPoll, AnEventIsNotLostWhenTheClientThatWaitedForItVanishes) {
  auto runtime = (start(), warm_runtime());
  runtime.link().close();
  // The invoke comes before the loop has had a chance to notice.
  auto caller = call(R"({"precious":true})");
  runtime.reconnect();
  const auto event = runtime.next();
  EXPECT_EQ(event.body(), R"({"precious":true})");
  EXPECT_EQ(runtime.respond("true").status, 202);
  EXPECT_EQ(caller.finish().body, "true");
  EXPECT_EQ(launcher.starts(), 1);
}

TEST_F(NextPoll, AClientThatResetsItsConnectionWhileItWaitsIsForgotten) {
  auto runtime = (start(), warm_runtime());
  runtime.link().abort();
  for (int i = 0; i < 5; ++i)
    turn();
  auto caller = call("7");
  runtime.reconnect();
  EXPECT_EQ(runtime.next().body(), "7");
  runtime.respond("8");
  EXPECT_EQ(caller.finish().body, "8");
}

TEST_F(NextPoll, AnEventOfSixMebibytesArrivesWhole) {
  const std::string large = '"' + std::string(6 * 1024 * 1024 - 2, 'e') + '"';
  start();
  auto caller = call(large);
  auto runtime = next_runtime();
  EXPECT_TRUE(runtime.next().body() == large);
  runtime.respond("1");
  EXPECT_EQ(caller.finish().body, "1");
}

using Case25 = StubFixture;
TEST_F(Case25, TheNonceIsNewForEachEventAndItsEchoIsAccepted) {
  start();
  auto first_caller = call("1");
  auto runtime = next_runtime();
  const auto first = runtime.next().header("Lambda-Runtime-Invocation-Id");
  EXPECT_NE(first, "");
  EXPECT_EQ(runtime.respond("\"a\"", {{"Lambda-Runtime-Invocation-Id", first}}).status, 202);
  EXPECT_EQ(first_caller.finish().body, "\"a\"");
  runtime.ask_next();
  auto second_caller = call("2");
  const auto second = runtime.next().header("Lambda-Runtime-Invocation-Id");
  EXPECT_NE(second, first);
}

TEST_F(Case25, AnotherNonceIsRejectedAndTheInvokeStaysOpen) {
  start();
  auto caller = call("1");
  auto runtime = next_runtime();
  const auto event = runtime.next();
  const HeaderList other{{"Lambda-Runtime-Invocation-Id", "00000000-0000-4000-8000-000000000000"}};
  for (const auto& path : {response_path(event.id), error_path(event.id)}) {
    const auto reply = runtime.post(path, "\"stale\"", other);
    EXPECT_EQ(reply.status, 400) << path;
    EXPECT_EQ(reply.body, k_invalid_id) << path;
  }
  EXPECT_FALSE(caller.answered());
  EXPECT_EQ(runtime.respond("\"fresh\"").status, 202) << "a client without nonces is not checked";
  EXPECT_EQ(caller.finish().body, "\"fresh\"");
}

}  // namespace
}  // namespace coldframe::testing
