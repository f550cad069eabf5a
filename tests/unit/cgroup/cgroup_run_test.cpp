#include "emulator/cgroup/cgroup_run.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>

#include "emulator/cgroup/dead_runs.hpp"
#include "emulator/cgroup/run_name.hpp"
#include "tests/unit/cgroup/fake_kernel.hpp"

namespace coldframe {
namespace {

using testing::FakeKernel;
using Texts = std::vector<std::string>;

const std::string k_name = FakeKernel::run_name();
const std::vector<std::string> k_all{"cpu", "memory", "pids"};

Result<std::unique_ptr<CgroupRun>> start(FakeKernel& kernel) {
  return CgroupRun::start(detect_cgroups(kernel.root(), kernel), kernel.root(), kernel);
}

TEST(CgroupRun, MovesThisProcessIntoALeafSoThatItsGroupCanGiveControllers) {
  FakeKernel kernel;
  kernel.mount_v2(k_all, "/scope");
  auto run = start(kernel);
  ASSERT_TRUE(run) << run.error().message;
  const std::string own = "/sys/fs/cgroup/scope";
  const std::string base = own + "/" + k_name;
  EXPECT_EQ(kernel.done(),
            (Texts{"mkdir " + base, "mkdir " + base + "/coldframe.self",
                   base + "/coldframe.self/cgroup.procs = " + FakeKernel::own_pid(),
                   own + "/cgroup.subtree_control = +cpu +memory +pids",
                   base + "/cgroup.subtree_control = +cpu +memory +pids",
                   base + "/cpu.weight = 1000", base + "/coldframe.self/cpu.weight = 10000"}));
}

TEST(CgroupRun, MovesBackAndLeavesItsGroupAsItWas) {
  FakeKernel kernel;
  kernel.mount_v2(k_all, "/scope");
  auto run = start(kernel);
  ASSERT_TRUE(run) << run.error().message;
  kernel.done();
  EXPECT_TRUE((*run)->remove());
  const std::string own = "/sys/fs/cgroup/scope";
  const std::string base = own + "/" + k_name;
  EXPECT_EQ(kernel.done(), (Texts{base + "/cgroup.subtree_control = -cpu -memory -pids",
                                  own + "/cgroup.subtree_control = -cpu -memory -pids",
                                  own + "/cgroup.procs = " + FakeKernel::own_pid(),
                                  "rmdir " + base + "/coldframe.self", "rmdir " + base}));
}

TEST(CgroupRun, DoesNotSwitchOnWhatIsOn) {
  FakeKernel kernel;
  kernel.mount_v2(k_all);
  kernel.set("/sys/fs/cgroup/cgroup.subtree_control", "memory cpu pids\n");
  auto run = start(kernel);
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_TRUE((*run)->remove());
  EXPECT_EQ(kernel.get("/sys/fs/cgroup/cgroup.subtree_control"), "memory cpu pids\n");
  EXPECT_EQ(kernel.get("/sys/fs/cgroup/cgroup.procs"), FakeKernel::own_pid() + "\n");
}

TEST(CgroupRun, GivesUpBesideAProcessThatCameLater) {
  FakeKernel kernel;
  kernel.mount_v2(k_all, "/scope");
  const auto backend = detect_cgroups(kernel.root(), kernel);
  ASSERT_EQ(backend.kind, CgroupKind::v2);
  kernel.set("/sys/fs/cgroup/scope/cgroup.procs", FakeKernel::own_pid() + "\n99999\n");
  const auto run = CgroupRun::start(backend, kernel.root(), kernel);
  ASSERT_FALSE(run);
  EXPECT_TRUE(run.error().message.starts_with("the group " + kernel.root() +
                                              "/sys/fs/cgroup/scope cannot give +cpu +memory +pids "
                                              "to groups below it: Device or resource busy"))
      << run.error().message;
  EXPECT_NE(run.error().message.find("systemd-run --scope"), std::string::npos);
  EXPECT_FALSE(kernel.exists("/sys/fs/cgroup/scope/" + k_name));
  EXPECT_NE(kernel.get("/sys/fs/cgroup/scope/cgroup.procs").find(FakeKernel::own_pid()),
            std::string::npos)
      << "we are back";
}

TEST(CgroupRun, LeavesNothingWhenTheKernelRefuses) {
  for (const std::string& file :
       Texts{k_name, "coldframe.self", "coldframe.self/cgroup.procs",
             "scope/cgroup.subtree_control", k_name + "/cgroup.subtree_control", "cpu.weight"}) {
    FakeKernel kernel;
    kernel.mount_v2(k_all, "/scope");
    kernel.refuse(file, EPERM);
    const auto run = start(kernel);
    ASSERT_FALSE(run) << file;
    EXPECT_EQ(run.error().code, ExitCode::emulator_failed);
    EXPECT_NE(run.error().message.find("Operation not permitted"), std::string::npos)
        << run.error().message;
    kernel.refuse(file, 0);
    EXPECT_TRUE(groups_in(kernel.root() + "/sys/fs/cgroup/scope").empty()) << file;
    EXPECT_EQ(kernel.get("/sys/fs/cgroup/scope/cgroup.subtree_control"), "\n") << file;
    EXPECT_EQ(kernel.get("/sys/fs/cgroup/scope/cgroup.procs"), FakeKernel::own_pid() + "\n")
        << file;
  }
}

TEST(CgroupRun, HasABaseInEveryHierarchyOfV1) {
  FakeKernel kernel;
  kernel.mount_v1("cpu,cpuacct", "/a");
  kernel.mount_v1("memory", "/b");
  kernel.mount_v1("pids");
  auto run = start(kernel);
  ASSERT_TRUE(run) << run.error().message;
  const std::string cpu = "/sys/fs/cgroup/cpu,cpuacct/a/" + k_name;
  const std::string memory = "/sys/fs/cgroup/memory/b/" + k_name;
  const std::string pids = "/sys/fs/cgroup/pids/" + k_name;
  EXPECT_EQ(
      kernel.done(),
      (Texts{"mkdir " + cpu, "mkdir " + memory, "mkdir " + pids, "mkdir " + cpu + "/coldframe.self",
             cpu + "/coldframe.self/cgroup.procs = " + FakeKernel::own_pid(),
             cpu + "/cpu.shares = 10240", cpu + "/coldframe.self/cpu.shares = 262144"}));
  {
    auto group = (*run)->create("a1", {});
    ASSERT_TRUE(group) << group.error().message;
    EXPECT_TRUE(kernel.exists(memory + "/a1/memory.stat"));
    EXPECT_FALSE((*group)->can_freeze());
  }
  kernel.done();
  EXPECT_TRUE((*run)->remove());
  EXPECT_EQ(kernel.done(),
            (Texts{"/sys/fs/cgroup/cpu,cpuacct/a/cgroup.procs = " + FakeKernel::own_pid(),
                   "rmdir " + cpu + "/coldframe.self", "rmdir " + cpu, "rmdir " + memory,
                   "rmdir " + pids}));
}

TEST(CgroupRun, MakesGroupsInBothVersionsOnAHybridHost) {
  FakeKernel kernel;
  kernel.mount_all_v1();
  kernel.mount_v2({"hugetlb"}, "/", "/sys/fs/cgroup/unified");
  auto run = start(kernel);
  ASSERT_TRUE(run) << run.error().message;
  auto group = (*run)->create("a1", {});
  ASSERT_TRUE(group) << group.error().message;
  EXPECT_TRUE((*group)->can_freeze());
  EXPECT_TRUE(kernel.exists("/sys/fs/cgroup/unified/" + k_name + "/a1/cgroup.kill"));
  EXPECT_TRUE(kernel.exists("/sys/fs/cgroup/memory/" + k_name + "/a1/memory.stat"));
}

TEST(CgroupRun, MakesAGroupInTheBaseOfV2) {
  FakeKernel kernel;
  kernel.mount_v2(k_all, "/scope");
  auto run = start(kernel);
  ASSERT_TRUE(run) << run.error().message;
  auto group = (*run)->create("a1", {.memory_bytes = 1 << 27});
  ASSERT_TRUE(group) << group.error().message;
  EXPECT_EQ(kernel.get("/sys/fs/cgroup/scope/" + k_name + "/a1/memory.max"), "134217728\n");
}

TEST(CgroupRun, TakesOnlyPlainNamesOnce) {
  FakeKernel kernel;
  kernel.mount_v2(k_all);
  auto run = start(kernel);
  ASSERT_TRUE(run) << run.error().message;
  for (const std::string& bad :
       Texts{"", "..", "a/b", "coldframe.self", "a b", "a\n", std::string(201, 'a')}) {
    EXPECT_FALSE((*run)->create(bad, {})) << bad;
  }
  const auto first = (*run)->create("aZ09-_", {});
  EXPECT_TRUE(first);
  EXPECT_FALSE((*run)->create("aZ09-_", {}));
}

TEST(CgroupRun, GoesOnlyWhenTheLastGroupIsEmpty) {
  FakeKernel kernel;
  kernel.mount_v2(k_all, "/scope");
  auto run = start(kernel);
  ASSERT_TRUE(run) << run.error().message;
  const std::string left = "/sys/fs/cgroup/scope/" + k_name + "/a1";
  (*run)->create("a1", {})->get();
  kernel.make_directory(kernel.root() + left);
  kernel.set(left + "/cgroup.procs", "0\n");
  kernel.done();
  EXPECT_FALSE((*run)->remove());
  EXPECT_EQ(kernel.done(), Texts{}) << "the others keep their limits meanwhile";
  kernel.set(left + "/cgroup.procs", "");
  EXPECT_TRUE((*run)->remove());
  EXPECT_TRUE((*run)->remove());
  EXPECT_FALSE(kernel.exists("/sys/fs/cgroup/scope/" + k_name));
}

TEST(CgroupRun, LeavesARunAloneThatItHasStarted) {
  FakeKernel kernel;
  kernel.mount_all_v1();
  auto run = start(kernel);
  ASSERT_TRUE(run) << run.error().message;
  const std::string leaf = "/sys/fs/cgroup/cpu/" + k_name + "/coldframe.self";
  kernel.make_directory(kernel.root() + leaf + "/coldframe-1-2-3");
  EXPECT_FALSE((*run)->remove());
  EXPECT_TRUE(kernel.exists(leaf + "/coldframe-1-2-3"));
  kernel.remove_directory(kernel.root() + leaf + "/coldframe-1-2-3");
  EXPECT_TRUE((*run)->remove());
  EXPECT_FALSE(kernel.exists("/sys/fs/cgroup/cpu/" + k_name));
}

TEST(CgroupRun, IsOneAProcess) {
  FakeKernel kernel;
  kernel.mount_all_v1();
  const auto first = start(kernel);
  ASSERT_TRUE(first);
  const auto second = start(kernel);
  ASSERT_FALSE(second);
  EXPECT_TRUE(second.error().message.ends_with("this process has one already"));
  EXPECT_TRUE(kernel.exists("/sys/fs/cgroup/pids/" + k_name)) << "that of the first";
}

TEST(CgroupRun, IsNotSupportedWithoutCgroups) {
  FakeKernel kernel;
  const auto run = start(kernel);
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().code, ExitCode::not_supported);
  EXPECT_EQ(run.error().message, "no control groups; none: no cgroups are mounted");
}

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
  EXPECT_EQ(swept.killed, 0);
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
  EXPECT_EQ(swept.removed + swept.remaining + swept.killed, 0);
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
  EXPECT_EQ(swept.killed, 1);
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
