// Inits of real processes that hang, fail once, or fail for good.
#include <gtest/gtest.h>

#include "tests/support/child_fixture.hpp"
#include "tests/support/processes.hpp"

namespace coldframe::testing {
namespace {

using namespace std::chrono_literals;

class Init : public ChildFixture {};

TEST_F(Init, ThatHangsIsKilledAtItsLimitAndRepeatedInsideTheInvoke) {
  play(R"(starts-in starts
on-start 1
  hang
end
forever
  next
  respond-pid
end
)");
  function.init_limit = 200ms;
  start();
  const auto answer = invoke("{}");
  EXPECT_FALSE(answer.has("X-Amz-Function-Error")) << answer.body;
  EXPECT_EQ(directory.read("starts"), "2");
  ASSERT_EQ(log.count("INIT_REPORT"), 1);
  const auto report = log.lines_starting("INIT_REPORT")[0];
  EXPECT_TRUE(report.ends_with(" ms\tPhase: init\tStatus: timeout")) << report;
  ASSERT_EQ(records.inits.size(), 1U);
  EXPECT_EQ(records.inits[0].status, InitStatus::timeout);
  EXPECT_EQ(records.inits[0].phase, InitPhase::init);
  EXPECT_GE(records.inits[0].duration, 200ms);
  EXPECT_FALSE(records.invocations.at(0).init.has_value());
}

TEST_F(Init, ThatFailsOnceIsForgottenByTheCaller) {
  play(R"(starts-in starts
on-start 1
  print starting for the first time
  init-error Runtime.BadModel {"errorMessage":"no model","errorType":"Runtime.BadModel"}
  exit 1
end
forever
  next
  echo
end
)");
  start();
  EXPECT_EQ(invoke(R"({"n":1})").body, R"({"n":1})");
  EXPECT_EQ(invoke(R"({"n":2})").body, R"({"n":2})");
  EXPECT_EQ(directory.read("starts"), "2");
  EXPECT_EQ(log.lines()[0], "starting for the first time");
  EXPECT_TRUE(
      log.lines()[1].ends_with("\tPhase: init\tStatus: error\tError Type: Runtime.BadModel"))
      << log.lines()[1];
}

TEST_F(Init, ThatAlwaysHangsEndsInATimeoutOfTheInvoke) {
  play("hang\n");
  function.init_limit = 100ms;
  function.timeout_s = 1;
  start();
  const auto answer = invoke("{}");
  EXPECT_EQ(answer.header("X-Amz-Function-Error"), "Unhandled");
  EXPECT_NE(answer.body.find("Task timed out after 1.00 seconds"), std::string::npos);
  const auto reports = log.lines_starting("INIT_REPORT");
  ASSERT_EQ(reports.size(), 2U);
  EXPECT_TRUE(reports[0].ends_with("Phase: init\tStatus: timeout"));
  EXPECT_TRUE(reports[1].ends_with("Phase: invoke\tStatus: timeout"));
}

TEST_F(Init, ThatFailedLeavesNoProcessBehind) {
  play("fork-grandchild\nfork-daemon\nexit 3\n");
  start();
  invoke("{}");
  ASSERT_TRUE(until([&] { return states() == std::vector<std::string>{"ColdAgain"}; }));
  // Only the guard of this emulator is left of all our children and theirs.
  EXPECT_EQ(living_children().size(), 1U);
  EXPECT_TRUE(processes_with(records.invocations.at(0).environment_id).empty());
}

TEST_F(Init, MayBeLongerThanTheFunctionTimeout) {
  play("sleep 1300ms\nnext\necho\nnext\n");
  function.timeout_s = 1;
  start();
  EXPECT_EQ(invoke("5").body, "5");
  EXPECT_GE(records.invocations.at(0).init.value_or(0ms), 1300ms);
}

}  // namespace
}  // namespace coldframe::testing
