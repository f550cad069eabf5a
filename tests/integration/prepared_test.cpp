// An environment that is prepared ahead of the cold start that needs it: made once, used by the
// next start, thrown away when it is of no use any more.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <fstream>

#include "tests/support/strict_fixture.hpp"

namespace coldframe::testing {
namespace {

class Prepared : public StrictFixture {
 protected:
  void SetUp() override {
    StrictFixture::SetUp();
    options.prepare_ahead = true;
  }
  // Init and seed of an environment that no runtime has used yet; the inits of others.
  static std::vector<pid_t> waiting() { return descendants_named("coldframe-init"); }
  bool is_ready(std::size_t others = 0) {
    return until([&] { return waiting().size() == 2 + others; });
  }
  std::string number_of_start() { return obey("respond @{start}").body; }
};

TEST_F(Prepared, IsThereBeforeAnyInvoke) {
  play(k_obey);
  start();
  EXPECT_TRUE(is_ready());
  EXPECT_TRUE(states().empty()) << "no environment yet: nothing of the function runs";
  EXPECT_TRUE(records.inits.empty());
}

TEST_F(Prepared, BecomesTheNextColdStart) {
  play(k_obey);
  start();
  ASSERT_TRUE(is_ready());
  const auto before = waiting();
  EXPECT_EQ(obey("respond 1").body, "1");
  const auto after = waiting();
  EXPECT_TRUE(std::find(after.begin(), after.end(), before.front()) != after.end())
      << "its init goes on";
  EXPECT_TRUE(records.invocations.back().cold);
  EXPECT_TRUE(is_ready(1)) << "and the one after it is prepared";
  EXPECT_EQ(states(), std::vector<std::string>{"Idle"});
}

TEST_F(Prepared, CanBeNeededBeforeItIsReady) {
  play(k_obey);
  start();
  EXPECT_EQ(obey("respond 1").body, "1");
  EXPECT_TRUE(is_ready(1));
}

TEST_F(Prepared, StaysOverARecycle) {
  play("starts-in /tmp/starts\n" + std::string(k_obey));
  start();
  EXPECT_EQ(number_of_start(), "1");
  ASSERT_TRUE(is_ready(1));
  ASSERT_TRUE(emulator().recycle("f").has_value());
  ASSERT_TRUE(is_ready());
  const auto before = waiting();
  EXPECT_EQ(number_of_start(), "1") << "a /tmp of its own";
  const auto after = waiting();
  EXPECT_TRUE(std::find(after.begin(), after.end(), before.front()) != after.end());
}

TEST_F(Prepared, IsAskedForByWhoMeasures) {
  options.prepare_ahead = false;
  play(k_obey);
  start();
  EXPECT_TRUE(waiting().empty());
  ASSERT_TRUE(emulator().prepare("f").has_value());
  EXPECT_EQ(waiting().size(), 2U);
  ASSERT_TRUE(emulator().prepare("f").has_value());
  EXPECT_EQ(waiting().size(), 2U) << "one is enough";
  EXPECT_EQ(obey("respond 1").body, "1");
  EXPECT_EQ(waiting().size(), 1U) << "and no other is made";
}

TEST_F(Prepared, ShowsTheDirectoryThatIsThereByThen) {
  namespace fs = std::filesystem;
  const fs::path task = fs::path(directory.path()) / "task";
  fs::create_directory(task);
  function.task_root = function.working_directory = task;
  play(k_obey);
  start();
  ASSERT_TRUE(is_ready());
  fs::rename(task, task.string() + ".old");
  fs::create_directory(task);
  std::ofstream(task / "new") << "x";
  EXPECT_EQ(obey("file-exists /var/task/new").body, "true");
  EXPECT_TRUE(is_ready(1)) << "the useless one is gone";
}

TEST_F(Prepared, HasWhatTheEntryPointHasComeToNeed) {
  const TempDir elsewhere;
  const std::string late = elsewhere.path() + "/late";
  play(k_obey);
  function.command = {late + "/f.dialogue"};
  start();
  ASSERT_TRUE(is_ready());
  std::filesystem::create_directory(late);
  std::ofstream(late + "/f.dialogue") << k_obey;
  EXPECT_EQ(obey("respond 1").body, "1");
}

TEST_F(Prepared, DoesNotMatterWhenItDies) {
  play(k_obey);
  start();
  ASSERT_TRUE(is_ready());
  for (const pid_t pid : waiting())
    ::kill(pid, SIGKILL);
  ASSERT_TRUE(until([] { return waiting().empty(); }));
  EXPECT_EQ(obey("respond 1").body, "1");
}

TEST_F(Prepared, CountsAsNoneOfTheEnvironments) {
  options.concurrency = 1;
  play(k_obey);
  start();
  ASSERT_TRUE(is_ready());
  EXPECT_EQ(obey("respond 1").body, "1");
  ASSERT_TRUE(is_ready(1));
  auto first = call(order("sleep 2s; respond 1"));
  ASSERT_TRUE(until([&] { return states() == std::vector<std::string>{"Busy"}; }));
  EXPECT_EQ(call(order("respond 2")).finish().status, 429) << "there may be one";
  EXPECT_EQ(first.finish().body, "1");
}

TEST_F(Prepared, EndsWithTheEmulator) {
  play(k_obey);
  start();
  ASSERT_TRUE(is_ready());
  stop();
  EXPECT_TRUE(waiting().empty());
}

TEST_F(Prepared, CanBeStoppedWhileItIsMade) {
  play(k_obey);
  start();
  stop();
  EXPECT_TRUE(waiting().empty());
}

}  // namespace
}  // namespace coldframe::testing
