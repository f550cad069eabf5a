// A runtime that ends with what it lives in, its sandbox, by no fault of its function.
#include <gtest/gtest.h>

#include "tests/support/stub_fixture.hpp"

namespace coldframe::testing {
namespace {

using namespace std::chrono_literals;

class Lost : public StubFixture {};

constexpr const char* k_why = "its sandbox has ended";

TEST_F(Lost, InAnInvokeIsAnsweredAsOurFailureAndNotRecorded) {
  start();
  auto runtime = warm_runtime();
  const auto before = records.invocations.size();
  auto caller = call("{}");
  runtime.next();
  launcher.latest().lose(k_why);
  const auto answer = caller.finish();
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.header("X-Amz-Function-Error"), "");
  EXPECT_NE(answer.body.find("\"Type\":\"Service\""), std::string::npos) << answer.body;
  EXPECT_EQ(records.invocations.size(), before);
  EXPECT_FALSE(log.contains("Runtime.ExitError"));
  ASSERT_TRUE(until([&] { return states() == std::vector<std::string>{"ColdAgain"}; }));
  auto second = call("{}");
  next_runtime().serve("\"fine\"");
  EXPECT_EQ(second.finish().body, "\"fine\"");
}

TEST_F(Lost, AfterItsAnswerTakesNothingBack) {
  start();
  auto runtime = warm_runtime();
  const auto before = records.invocations.size();
  auto caller = call("{}");
  runtime.next();
  EXPECT_EQ(runtime.respond("\"done\"").status, 202);
  launcher.latest().lose(k_why);
  const auto answer = caller.finish();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "\"done\"");
  ASSERT_EQ(records.invocations.size(), before + 1);
  EXPECT_EQ(records.invocations.back().status, InvocationStatus::ok);
}

TEST_F(Lost, InItsInitIsTriedAgainAsAFirstOne) {
  start();
  auto caller = call("{}");
  ASSERT_TRUE(until([&] { return launcher.starts() == 1; }));
  launcher.latest().lose(k_why);
  EXPECT_EQ(caller.finish().status, 500);
  EXPECT_TRUE(records.inits.empty());
  ASSERT_TRUE(until([&] { return states() == std::vector<std::string>{"Cold"}; }));
  auto second = call("{}");
  ASSERT_TRUE(until([&] { return launcher.starts() == 2; }));
  runtime(1).serve("\"fine\"");
  EXPECT_EQ(second.finish().body, "\"fine\"");
  EXPECT_TRUE(until([&] { return log.contains("Init Duration:"); }));
}

TEST_F(Lost, WithAnEventOfTheQueueIsTriedAgain) {
  start();
  auto runtime = warm_runtime();
  EXPECT_EQ(call("7", {{"X-Amz-Invocation-Type", "Event"}}).finish().status, 202);
  EXPECT_EQ(runtime.next().body(), "7");
  launcher.latest().lose(k_why);
  for (int i = 0; i < 100 && launcher.starts() < 2; ++i) {
    clock.advance(100ms);
    turn();
  }
  EXPECT_EQ(next_runtime().next().body(), "7");
}

TEST_F(Lost, WhileItRestsIsStartedAnewByTheNextInvoke) {
  start();
  warm_runtime();
  launcher.latest().lose(k_why);
  ASSERT_TRUE(until([&] { return states() == std::vector<std::string>{"ColdAgain"}; }));
  auto caller = call("{}");
  next_runtime().serve("\"fine\"");
  EXPECT_EQ(caller.finish().body, "\"fine\"");
}

}  // namespace
}  // namespace coldframe::testing
