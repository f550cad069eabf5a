#include "emulator/cgroup/cgroup_run.hpp"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace coldframe
