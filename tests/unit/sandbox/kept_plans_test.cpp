#include "emulator/sandbox/kept_plans.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/temp_dir.hpp"

namespace coldframe {
namespace {

namespace fs = std::filesystem;

// A function whose program is a script below `a`, where `b` is as good a place.
class KeptPlansTest : public ::testing::Test {
 protected:
  KeptPlansTest() {
    for (const char* name : {"/fn", "/a", "/b"})
      fs::create_directories(root() + name);
    config.task_root = config.working_directory = root() + "/fn";
    config.entry_point = {directory.write_executable("a/program", "#!/bin/sh\n")};
  }
  std::string root() const { return directory.path(); }
  static bool shows(const SandboxPlan& plan, const std::string& path) {
    return std::any_of(plan.mounts.begin(), plan.mounts.end(),
                       [&](const SandboxMount& mount) { return mount.from == path; });
  }
  bool is_as_made_now() {
    const auto& kept = plans.now(config);
    const auto made = plan_sandbox(config, find_entry_point(config), NetworkMode::none);
    return kept.mounts == made.mounts && kept.links == made.links &&
           kept.task_root == made.task_root && kept.tmp_mb == made.tmp_mb &&
           kept.memory_mb == made.memory_mb && kept.network == made.network;
  }

  testing::TempDir directory;
  FunctionConfig config;
  KeptPlans plans{NetworkMode::none};
};

TEST_F(KeptPlansTest, AreThoseThatWouldBeMade) {
  EXPECT_TRUE(is_as_made_now());
  EXPECT_TRUE(shows(plans.now(config), root() + "/a"));
  EXPECT_TRUE(is_as_made_now()) << "the kept one";
}

TEST_F(KeptPlansTest, FollowTheInterpreterThatAScriptHasComeToName) {
  plans.now(config);
  const auto interpreter = directory.write_executable("b/interpreter", "");
  directory.write_executable("a/program", "#!" + interpreter + "\n");
  EXPECT_TRUE(shows(plans.now(config), root() + "/b"));
  EXPECT_TRUE(is_as_made_now());
}

TEST_F(KeptPlansTest, FollowALinkOnTheWayToTheProgram) {
  fs::rename(root() + "/a/program", root() + "/b/program");
  fs::create_directory(root() + "/c");
  fs::create_symlink("../b/program", root() + "/a/program");
  EXPECT_TRUE(shows(plans.now(config), root() + "/b"));
  fs::rename(root() + "/b/program", root() + "/c/program");
  fs::remove(root() + "/a/program");
  fs::create_symlink("../c/program", root() + "/a/program");
  EXPECT_TRUE(shows(plans.now(config), root() + "/c"));
  EXPECT_TRUE(is_as_made_now());
}

TEST_F(KeptPlansTest, SeeThatADirectoryBecomesAVirtualEnvironment) {
  fs::create_directories(root() + "/venv/bin");
  config.entry_point = {directory.write_executable("venv/bin/program", "")};
  EXPECT_TRUE(shows(plans.now(config), root() + "/venv/bin"));
  directory.write("venv/pyvenv.cfg", "home = /usr/bin\n");
  EXPECT_TRUE(shows(plans.now(config), root() + "/venv"));
  EXPECT_TRUE(is_as_made_now());
}

TEST_F(KeptPlansTest, SeeAWordOfTheCommandThatIsThereByNow) {
  config.command = {root() + "/late/model"};
  plans.now(config);
  fs::create_directory(root() + "/late");
  directory.write("late/model", "");
  EXPECT_TRUE(shows(plans.now(config), root() + "/late"));
}

TEST_F(KeptPlansTest, AreThoseOfTheFunctionAsItIsNow) {
  plans.now(config);
  config.tmp_mb = 1024;
  config.memory_mb = 3008;
  EXPECT_TRUE(is_as_made_now());
  config.entry_point = {directory.write_executable("b/program", "")};
  EXPECT_TRUE(shows(plans.now(config), root() + "/b"));
  EXPECT_TRUE(is_as_made_now());
  config.task_root = root() + "/a";
  EXPECT_TRUE(is_as_made_now());
}

TEST_F(KeptPlansTest, DoNotMixFunctions) {
  FunctionConfig other = config;
  other.name = "other";
  other.entry_point = {directory.write_executable("b/program", "")};
  plans.now(config);
  EXPECT_TRUE(shows(plans.now(other), root() + "/b"));
  EXPECT_FALSE(shows(plans.now(other), root() + "/a"));
  EXPECT_TRUE(is_as_made_now());
}

TEST_F(KeptPlansTest, TellTheLastOneWithoutALook) {
  EXPECT_TRUE(shows(plans.last(config), root() + "/a")) << "of nothing known a new one";
  const auto interpreter = directory.write_executable("b/interpreter", "");
  directory.write_executable("a/program", "#!" + interpreter + "\n");
  EXPECT_FALSE(shows(plans.last(config), root() + "/b"));
  EXPECT_TRUE(shows(plans.now(config), root() + "/b"));
  EXPECT_TRUE(shows(plans.last(config), root() + "/b"));
  config.task_root = root() + "/b";
  EXPECT_EQ(plans.last(config).task_root, root() + "/b") << "another function by the same name";
}

}  // namespace
}  // namespace coldframe
