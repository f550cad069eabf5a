// What a function still does when it has answered, for a caller that does not wait (W23).
#include <gtest/gtest.h>

#include "tests/support/limited_fixture.hpp"

namespace coldframe::testing {
namespace {

class LookForWork : public ChildFixture, public ::testing::WithParamInterface<bool> {
 protected:
  LookForWork() { options.freeze = GetParam(); }
  // After an invoke with these commands.
  WorkSeen seen_after(const std::string& commands) {
    InvokeRequest request;
    request.function = "f";
    request.payload = make_payload(order(commands));
    const auto done = emulator().observe(std::move(request));
    EXPECT_TRUE(done && done->result.status == InvocationStatus::ok);
    return emulator().look_for_work("f");
  }
};

TEST_P(LookForWork, FindsNothingWhereNothingIsLeft) {
  play(k_obey);
  start();
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(seen_after("respond 1").left, WorkLeft::none);
  EXPECT_EQ(seen_after("busy 20ms; respond 1").left, WorkLeft::none);
}

TEST_P(LookForWork, FindsWhatGoesOnWorking) {
  play(k_obey);
  const std::string runtime = function.entry_point[0] + " " + function.command[0];
  function.entry_point = {"/bin/sh", "-c"};
  function.command = {"(while :; do :; done) &\nexec " + runtime};
  start();
  // On a busy host it may have had no CPU in all that time.
  bool found = false;
  for (int i = 0; i < 20 && !found; ++i)
    found = seen_after("respond 1").left == WorkLeft::threads;
  EXPECT_TRUE(found);
}

TEST_P(LookForWork, FindsAProcessThatWasLeft) {
  // Without them, only those that have the runtime for a parent.
  if (detect_cgroups().kind == CgroupKind::none) GTEST_SKIP() << "needs control groups";
  options.limits = LimitsKind::cgroup;
  function.memory_mb = 1769;
  play(k_obey);
  start();
  EXPECT_EQ(seen_after("respond 1").left, WorkLeft::none);
  EXPECT_EQ(seen_after("fork-grandchild; respond 1").left, WorkLeft::processes);
}

TEST_P(LookForWork, LetsItRestAfterwards) {
  play(k_obey);
  start();
  (void)seen_after("respond 1");
  (void)seen_after("respond 2");
  EXPECT_EQ(states(), std::vector<std::string>{"Idle"});
  EXPECT_EQ(obey("respond 3").body, "3");
}

TEST_P(LookForWork, FindsNothingInAProcessThatHasEnded) {
  play(k_obey);
  start();
  InvokeRequest request;
  request.function = "f";
  request.payload = make_payload(order("exit 1"));
  ASSERT_TRUE(emulator().observe(std::move(request)));
  EXPECT_EQ(emulator().look_for_work("f").left, WorkLeft::none);
  EXPECT_EQ(emulator().look_for_work("nobody").left, WorkLeft::none);
}

INSTANTIATE_TEST_SUITE_P(Freeze, LookForWork, ::testing::Bool(),
                         [](const auto& one) { return one.param ? "on" : "off"; });

}  // namespace
}  // namespace coldframe::testing
