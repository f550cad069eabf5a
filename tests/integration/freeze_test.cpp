// Between invokes nothing of the function runs, whatever it has left behind; and it is told of.
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "tests/support/limited_fixture.hpp"

namespace coldframe::testing {
namespace {

using namespace std::chrono_literals;

class Freeze : public ChildFixture {
 protected:
  Freeze() { options.freeze = true; }
  // A shell that counts in the background, about once a millisecond, starts the runtime.
  void play_beside_a_counter(const std::string& before_it = "") {
    play("forever\n  obey\nend\n");
    const std::string runtime = function.entry_point[0] + " " + function.command[0];
    function.entry_point = {"/bin/sh", "-c"};
    function.command = {"cd " + directory.path() + "\n(" + before_it +
                        " while :; do echo x >> count; sleep 0.001; done) &\nexec " + runtime};
  }
  std::uintmax_t count() const {
    std::error_code none_yet;
    const auto size = std::filesystem::file_size(directory.path() + "/count", none_yet);
    return none_yet ? 0 : size;
  }
  // Whether it stands still for a while, the loop running.
  bool stands_still(std::chrono::milliseconds a_while = 150ms) {
    const auto before = count();
    const auto end = std::chrono::steady_clock::now() + a_while;
    while (std::chrono::steady_clock::now() < end)
      turn();
    return count() == before;
  }
  void expect_a_function_that_runs_in_invokes_only() {
    ASSERT_EQ(obey("respond 1").body, "1");
    ASSERT_TRUE(until([&] { return stands_still(); }));
    const auto frozen_at = count();
    ASSERT_EQ(obey("sleep 100ms; respond 2").body, "2");
    EXPECT_GT(count(), frozen_at);
    ASSERT_TRUE(until([&] { return stands_still(); }));
  }
  int notes() const {
    int found = 0;
    for (const auto& line : log.lines())
      found += line.find("Lambda freezes it until the next invoke (W23)") != std::string::npos;
    return found;
  }
};

TEST_F(Freeze, StopsWhatRunsBetweenInvokesBySignals) {
  play_beside_a_counter();
  start();
  expect_a_function_that_runs_in_invokes_only();
}

TEST_F(Freeze, StopsWhatHasLeftTheProcessGroupByControlGroups) {
  const auto backend = detect_cgroups();
  if (backend.v2() == nullptr) GTEST_SKIP() << "needs cgroup v2; " << backend.summary;
  options.limits = LimitsKind::cgroup;
  function.memory_mb = 1769;
  play("forever\n  obey\nend\n");
  const std::string runtime = function.entry_point[0] + " " + function.command[0];
  function.entry_point = {"/bin/sh", "-c"};
  function.command = {"cd " + directory.path() +
                      "\nsetsid sh -c 'while :; do echo x >> count; sleep 0.001; done' "
                      "> /dev/null 2>&1 < /dev/null &\nexec " +
                      runtime};
  start();
  expect_a_function_that_runs_in_invokes_only();
}

TEST_F(Freeze, DoesNotKeepAnEnvironmentFromEnding) {
  for (const auto kind : {LimitsKind::none, LimitsKind::automatic}) {
    options.limits = kind;
    play_beside_a_counter();
    start();
    ASSERT_EQ(obey("respond 1").body, "1");
    ASSERT_TRUE(until([&] { return stands_still(); }));
    ASSERT_TRUE(emulator().recycle("f"));
    EXPECT_TRUE(states().empty());
    ASSERT_EQ(obey("respond 1").body, "1");
    ASSERT_TRUE(until([&] { return stands_still(); }));
    stop();
    restart();
  }
}

TEST_F(Freeze, IsToldOfOnceWhereTheFunctionStillWorked) {
  play_beside_a_counter("while [ ! -e stop ]; do :; done;");
  start();
  // Where others have the CPU at that moment it is not certain, and nothing is said.
  for (int i = 0; i < 50 && notes() == 0; ++i) {
    ASSERT_EQ(obey("respond 1").body, "1");
    (void)stands_still(400ms);
  }
  ASSERT_EQ(notes(), 1);
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(obey("respond 1").body, "1");
    (void)stands_still();
  }
  EXPECT_EQ(notes(), 1);
}

TEST_F(Freeze, IsToldOfWhereAProcessOfAnInvokeIsLeft) {
  // Without them, only of those that have the runtime for a parent.
  if (detect_cgroups().kind == CgroupKind::none) GTEST_SKIP() << "needs control groups";
  options.limits = LimitsKind::cgroup;
  function.memory_mb = 1769;
  play(k_obey);
  start();
  ASSERT_EQ(obey("respond 1").body, "1");
  ASSERT_TRUE(stands_still());
  EXPECT_EQ(notes(), 0);
  ASSERT_EQ(obey("fork-grandchild; respond 1").body, "1");
  EXPECT_TRUE(until([&] { return notes() == 1; }));
}

TEST_F(Freeze, LeavesAnEnvironmentAloneUnlessItIsAskedFor) {
  options.freeze = false;
  play_beside_a_counter();
  start();
  ASSERT_EQ(obey("respond 1").body, "1");
  const auto before = count();
  EXPECT_TRUE(until([&] { return count() > before; }));
}

}  // namespace
}  // namespace coldframe::testing
