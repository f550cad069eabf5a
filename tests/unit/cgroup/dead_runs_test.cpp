#include "emulator/cgroup/dead_runs.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>

#include "emulator/cgroup/cgroup_run.hpp"
#include "emulator/cgroup/run_name.hpp"
#include "tests/unit/cgroup/fake_kernel.hpp"

namespace coldframe {
namespace {

using testing::FakeKernel;
using Texts = std::vector<std::string>;

const std::string k_name = FakeKernel::run_name();

TEST(RunName, TellsWhoseItIs) {
  FakeKernel kernel;
  const std::string root = kernel.root();
  EXPECT_EQ(own_run_name(root), k_name);
  EXPECT_EQ(owner_of(k_name, root), RunOwner::alive);
  const std::string pid = FakeKernel::own_pid();
  EXPECT_EQ(owner_of("coldframe-" + pid + "-778-4026531836", root), RunOwner::dead)
      << "the number was given out again";
  EXPECT_EQ(owner_of("coldframe-99999999-777-4026531836", root), RunOwner::dead);
  EXPECT_EQ(owner_of("coldframe-" + pid + "-777-4026531837", root), RunOwner::elsewhere);
  kernel.set("/proc/" + pid + "/stat",
             pid + " (a) Z 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 777 0\n");
  EXPECT_EQ(owner_of(k_name, root), RunOwner::dead) << "a zombie";
  EXPECT_EQ(own_run_name(root), "");
}

TEST(RunName, IsNoOtherName) {
  for (const char* name :
       {"", "coldframe", "coldframe-", "coldframe-1", "coldframe-1-2", "coldframe-1-2-3-4",
        "coldframe-1--2-3", "coldframe-1-2-3-", "coldframe--1-2-3", "coldframe-a-2-3",
        "coldframe-1-2-3x", "Xcoldframe-1-2-3", "coldframe-1-2-99999999999999999999"}) {
    EXPECT_EQ(owner_of(name), RunOwner::none) << name;
  }
}

TEST(RunName, OfThisProcessIsAlive) { EXPECT_EQ(owner_of(own_run_name()), RunOwner::alive); }

class DeadRunsTest : public ::testing::Test {
 protected:
  DeadRunsTest() { kernel.mount_all_v1(); }
  void make(const std::string& path) {
    ASSERT_EQ(kernel.make_directory(kernel.root() + "/sys/fs/cgroup/" + path), 0) << path;
  }
  DeadRuns sweep() {
    return sweep_dead_runs(detect_cgroups(kernel.root(), kernel), kernel.root(), kernel);
  }
  bool exists(const std::string& path) const { return kernel.exists("/sys/fs/cgroup/" + path); }
  const std::string dead = "coldframe-99999999-5-4026531836";
  FakeKernel kernel;
};

TEST_F(DeadRunsTest, AreRemovedWithAllTheirGroups) {
  for (const std::string controller : {"cpu", "pids"}) {
    make(controller + "/" + dead);
    make(controller + "/" + dead + "/a1");
    make(controller + "/" + dead + "/b2");
  }
  const auto swept = sweep();
  EXPECT_EQ(swept.removed, 2);
  EXPECT_EQ(swept.remaining, 0);
  EXPECT_TRUE(swept.killed.empty());
  EXPECT_FALSE(exists("cpu/" + dead));
  EXPECT_FALSE(exists("pids/" + dead));
}

TEST_F(DeadRunsTest, AreTheOnlyOnesThatAreTouched) {
  const Texts others{k_name, "coldframe-99999999-5-4026531837", "coldframe-notes", "docker"};
  for (const auto& other : others)
    make("pids/" + other);
  make("pids/docker/" + dead);
  kernel.done();
  const auto swept = sweep();
  EXPECT_EQ(swept.removed + swept.remaining, 0);
  EXPECT_TRUE(swept.killed.empty());
  EXPECT_EQ(kernel.done(), Texts{});
}

TEST_F(DeadRunsTest, StayAsLongAsARunBelowThemLives) {
  make("cpu/" + dead);
  make("cpu/" + dead + "/a1");
  make("cpu/" + dead + "/" + k_own_leaf);
  make("cpu/" + dead + "/" + k_own_leaf + "/" + k_name);
  const auto swept = sweep();
  EXPECT_EQ(swept.removed, 0);
  EXPECT_EQ(swept.remaining, 1);
  EXPECT_FALSE(exists("cpu/" + dead + "/a1"));
  EXPECT_TRUE(exists("cpu/" + dead + "/" + k_own_leaf + "/" + k_name));
}

TEST_F(DeadRunsTest, HaveTheirProcessesKilledButNotTheirHelpers) {
  make("pids/" + dead);
  make("pids/" + dead + "/a1");
  make("pids/" + dead + "/" + k_own_leaf);
  pid_t children[2];
  for (pid_t& child : children) {
    child = ::fork();
    if (child == 0) {
      for (;;)
        ::pause();
    }
  }
  kernel.set("/sys/fs/cgroup/pids/" + dead + "/a1/cgroup.procs",
             std::to_string(children[0]) + "\n");
  kernel.set("/sys/fs/cgroup/pids/" + dead + "/" + k_own_leaf + "/cgroup.procs",
             std::to_string(children[1]) + "\n");
  const auto swept = sweep();
  EXPECT_EQ(swept.killed, std::set<pid_t>{children[0]});
  EXPECT_EQ(swept.removed, 0);
  EXPECT_EQ(swept.remaining, 1) << "these files do not know that it died";
  int status = 0;
  EXPECT_EQ(::waitpid(children[0], &status, 0), children[0]);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(::waitpid(children[1], &status, WNOHANG), 0);
  ::kill(children[1], SIGKILL);
  ::waitpid(children[1], &status, 0);
}

}  // namespace
}  // namespace coldframe
