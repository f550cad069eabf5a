// More than one caller: conformance cases 54 and 57.
#include <gtest/gtest.h>

#include "tests/support/stub_fixture.hpp"

namespace coldframe::testing {
namespace {

using Case54 = StubFixture;
TEST_F(Case54, OfTwoCallersAtOnceOneIsServedAndOneThrottled) {
  options.concurrency = 1;
  start();
  auto first = call("1");
  auto runtime = next_runtime();
  const auto refused = caller().invoke("2");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.header("x-amzn-ErrorType"), "TooManyRequestsException");
  EXPECT_EQ(refused.body, R"({"Reason":"ConcurrentInvocationLimitExceeded","Type":"User",)"
                          R"("message":"Rate Exceeded."})");
  EXPECT_GE(std::stoi(refused.header("Retry-After")), 1);
  runtime.serve("\"one\"");
  EXPECT_EQ(first.finish().body, "\"one\"");
  EXPECT_EQ(launcher.starts(), 1);
}

TEST_F(Case54, AThrottledCallerIsServedWhenItAsksAgain) {
  options.concurrency = 1;
  start();
  auto first = call("1");
  auto runtime = next_runtime();
  auto second = caller();
  EXPECT_EQ(second.invoke("2").status, 429);
  runtime.serve("\"one\"");
  first.finish();
  second.start("2");
  EXPECT_EQ(runtime.serve("\"two\"").body(), "2");
  EXPECT_EQ(second.finish().body, "\"two\"");
}

TEST_F(Case54, ReservedConcurrencyHasAReasonOfItsOwn) {
  function.reserved_concurrency = 1;
  start();
  auto first = call("1");
  auto runtime = next_runtime();
  const auto refused = caller().invoke("2");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.body,
            R"({"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User",)"
            R"("message":"Rate Exceeded."})");
  runtime.serve("1");
  first.finish();
}

TEST_F(Case54, AReservedConcurrencyOfZeroThrottlesEveryone) {
  function.reserved_concurrency = 0;
  start();
  const auto refused = caller().invoke("{}");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.body,
            R"({"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User",)"
            R"("message":"Rate Exceeded."})");
  EXPECT_EQ(launcher.starts(), 0);
}

TEST_F(Case54, AnEventToAReservedConcurrencyOfZeroIsAcceptedAndItsEndIsTold) {
  function.reserved_concurrency = 0;
  start();
  EXPECT_EQ(caller().invoke("{}", {{"X-Amz-Invocation-Type", "Event"}}).status, 202);
  EXPECT_EQ(launcher.starts(), 0);
  EXPECT_NE(log.text().find("coldframe: dropped an Event invoke of 'f': its reserved concurrency "
                            "is 0"),
            std::string::npos)
      << log.text();
}

TEST_F(Case54, UpToTheLimitEachCallerHasAnEnvironmentOfItsOwn) {
  options.concurrency = 3;
  start();
  std::vector<InvokeClient> callers;
  std::vector<StubRuntime> runtimes;
  for (const char* event : {"1", "2", "3"}) {
    callers.push_back(call(event));
    runtimes.push_back(next_runtime());
  }
  EXPECT_EQ(caller().invoke("4").status, 429);
  for (std::size_t i = 3; i-- > 0;) {
    const auto event = runtimes[i].next();
    runtimes[i].respond("[" + event.body() + "]");
    EXPECT_EQ(callers[i].finish().body, "[" + std::to_string(i + 1) + "]");
  }
}

using Case57 = StubFixture;
TEST_F(Case57, LogTailsOfTwoEnvironmentsDoNotMix) {
  start();
  auto first = call("1", {{"X-Amz-Log-Type", "Tail"}});
  auto one = next_runtime();
  auto second = call("2", {{"X-Amz-Log-Type", "Tail"}});
  auto two = next_runtime();
  one.next();
  two.next();
  for (int i = 0; i < 10; ++i) {
    launcher.process(0).print("first says " + std::to_string(i));
    launcher.process(1).print("second says " + std::to_string(i));
  }
  one.respond("1");
  two.respond("2");
  two.ask_next();
  one.ask_next();
  const auto tail_one = log_tail(first.finish());
  const auto tail_two = log_tail(second.finish());
  EXPECT_NE(tail_one.find("first says 9\n"), std::string::npos);
  EXPECT_EQ(tail_one.find("second"), std::string::npos);
  EXPECT_EQ(tail_one.find(two.id()), std::string::npos);
  EXPECT_NE(tail_two.find("second says 9\n"), std::string::npos);
  EXPECT_EQ(tail_two.find("first"), std::string::npos);
  EXPECT_EQ(tail_two.find(one.id()), std::string::npos);
}

TEST_F(Case57, LogTailsOfTwoFunctionsDoNotMix) {
  FunctionConfig other = function;
  other.name = "g";
  start({other});
  auto first = call("1", {{"X-Amz-Log-Type", "Tail"}}, "f");
  auto one = next_runtime();
  auto second = call("2", {{"X-Amz-Log-Type", "Tail"}}, "g");
  auto two = next_runtime();
  one.next();
  two.next();
  launcher.process(0).print("of f");
  launcher.process(1).print("of g");
  two.respond("2");
  two.ask_next();
  one.respond("1");
  one.ask_next();
  EXPECT_EQ(log_tail(first.finish()).find("of g"), std::string::npos);
  EXPECT_EQ(log_tail(second.finish()).find("of f"), std::string::npos);
}

}  // namespace
}  // namespace coldframe::testing
