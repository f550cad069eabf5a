#include "emulator/cgroup/cgroup_backend.hpp"

#include <gtest/gtest.h>

#include "tests/unit/cgroup/fake_kernel.hpp"

namespace coldframe {
namespace {

using testing::FakeKernel;
using Texts = std::vector<std::string>;

const std::vector<std::string> k_all{"cpu", "io", "memory", "pids"};

CgroupBackend detect(FakeKernel& kernel) { return detect_cgroups(kernel.root(), kernel); }

// Without the root, which differs from test to test.
std::string plain(const FakeKernel& kernel, std::string text) {
  for (auto at = text.find(kernel.root()); at != std::string::npos; at = text.find(kernel.root()))
    text.erase(at, kernel.root().size());
  return text;
}

std::string scope_remedy() {
  return std::string("start it with systemd-run ") + (::geteuid() == 0 ? "" : "--user ") +
         "--scope -p Delegate=yes coldframe …";
}

constexpr const char* k_container_remedy =
    "start the container with --privileged, or with --cgroupns=host and "
    "-v /sys/fs/cgroup:/sys/fs/cgroup:rw";

TEST(CgroupBackend, IsV2InADelegatedGroup) {
  FakeKernel kernel;
  kernel.mount_v2(k_all, "/user.slice/run-1.scope");
  const auto backend = detect(kernel);
  EXPECT_EQ(backend.kind, CgroupKind::v2);
  EXPECT_EQ(backend.summary, "v2");
  EXPECT_EQ(backend.why_not_v2, "");
  EXPECT_EQ(backend.remedy, "");
  ASSERT_EQ(backend.hierarchies.size(), 1U);
  EXPECT_EQ(backend.v2()->own_group, kernel.root() + "/sys/fs/cgroup/user.slice/run-1.scope");
  EXPECT_EQ(backend.of("cpu"), backend.v2());
  EXPECT_EQ(kernel.done(), Texts{}) << "it only looks";
}

TEST(CgroupBackend, IsV2InTheRootWhoeverElseIsThere) {
  FakeKernel kernel;
  kernel.mount_v2(k_all);
  kernel.set("/sys/fs/cgroup/cgroup.procs", "1\n2\n");
  EXPECT_EQ(detect(kernel).kind, CgroupKind::v2);
}

TEST(CgroupBackend, IsV2WhereTheOwnGroupGivesItsControllersAlready) {
  FakeKernel kernel;
  kernel.mount_v2(k_all, "/x");
  kernel.set("/sys/fs/cgroup/x/cgroup.procs", "1\n2\n");
  kernel.set("/sys/fs/cgroup/x/cgroup.subtree_control", "cpu memory pids\n");
  EXPECT_EQ(detect(kernel).kind, CgroupKind::v2);
}

TEST(CgroupBackend, IsNotV2BesideOtherProcesses) {
  FakeKernel kernel;
  kernel.mount_v2(k_all, "/session.scope");
  kernel.set("/sys/fs/cgroup/session.scope/cgroup.procs",
             "1\n" + FakeKernel::own_pid() + "\n2\n3\n4\n5\n6\n");
  const auto backend = detect(kernel);
  EXPECT_EQ(backend.kind, CgroupKind::none);
  EXPECT_EQ(plain(kernel, backend.summary),
            "none: the group /sys/fs/cgroup/session.scope holds other processes too (1, 2, 3, 4, "
            "5), so it cannot give its controllers to groups below it");
  EXPECT_EQ(backend.remedy, scope_remedy());
}

TEST(CgroupBackend, TellsWhatAUserIsGivenAndWhatIsMissing) {
  FakeKernel kernel;
  kernel.mount_v2({"memory", "pids"}, "/user.slice/user@1000.service/app.slice/run-1.scope");
  const auto backend = detect(kernel);
  EXPECT_EQ(backend.kind, CgroupKind::none);
  EXPECT_EQ(plain(kernel, backend.why_not_v2),
            "the group /sys/fs/cgroup/user.slice/user@1000.service/app.slice/run-1.scope was given "
            "only memory, pids and lacks cpu");
  EXPECT_EQ(backend.summary, "none: " + backend.why_not_v2);
  EXPECT_TRUE(backend.remedy.ends_with(scope_remedy())) << backend.remedy;
  EXPECT_EQ(backend.remedy.find("Delegate=cpu cpuset io memory pids") != std::string::npos,
            ::geteuid() != 0);
  EXPECT_TRUE(backend.hierarchies.empty());
}

TEST(CgroupBackend, TellsThatAGroupWasGivenNothing) {
  FakeKernel kernel;
  kernel.mount_v2({}, "/x");
  EXPECT_EQ(plain(kernel, detect(kernel).why_not_v2),
            "the group /sys/fs/cgroup/x was given no controllers and lacks cpu, memory, pids");
}

TEST(CgroupBackend, IsNoneWhereTheMountIsReadOnly) {
  FakeKernel kernel;
  kernel.mount_v2(k_all, "/", "/sys/fs/cgroup", "ro,nosuid");
  const auto backend = detect(kernel);
  EXPECT_EQ(backend.kind, CgroupKind::none);
  EXPECT_EQ(plain(kernel, backend.summary),
            "none: /sys/fs/cgroup is mounted read-only (a container without --privileged?)");
  EXPECT_EQ(backend.remedy, k_container_remedy);
}

TEST(CgroupBackend, IsNoneWhereTheDirectoryIsSomebodyElses) {
  FakeKernel kernel;
  kernel.mount_v2(k_all, "/x");
  kernel.refuse("cgroup/x", EACCES);
  const auto backend = detect(kernel);
  EXPECT_EQ(plain(kernel, backend.summary),
            "none: no group can be made in /sys/fs/cgroup/x: Permission denied");
  EXPECT_EQ(backend.remedy, ::geteuid() == 0 ? k_container_remedy : scope_remedy());
  kernel.refuse("cgroup/x", EROFS);
  EXPECT_EQ(detect(kernel).remedy, k_container_remedy);
}

TEST(CgroupBackend, IsNoneWhereTheMountDoesNotShowUs) {
  FakeKernel kernel;
  kernel.mount_v2(k_all);
  kernel.set("/proc/self/cgroup", "0::/../other\n");
  const auto backend = detect(kernel);
  EXPECT_EQ(plain(kernel, backend.summary),
            "none: /sys/fs/cgroup does not show the group that we are in (a cgroup namespace)");
  EXPECT_EQ(backend.remedy, k_container_remedy);
}

TEST(CgroupBackend, IsNoneWithoutCgroups) {
  FakeKernel kernel;
  const auto backend = detect(kernel);
  EXPECT_EQ(backend.kind, CgroupKind::none);
  EXPECT_EQ(backend.summary, "none: no cgroups are mounted");
  EXPECT_EQ(backend.remedy, "mount cgroup v2 at /sys/fs/cgroup");
  EXPECT_EQ(backend.of("cpu"), nullptr);
  EXPECT_EQ(backend.v2(), nullptr);
}

TEST(CgroupBackend, IsHybridWhereV2HasNoneOfTheControllers) {
  FakeKernel kernel;
  kernel.mount_all_v1();
  kernel.mount_v2({"hugetlb"}, "/", "/sys/fs/cgroup/unified");
  const auto backend = detect(kernel);
  EXPECT_EQ(backend.kind, CgroupKind::hybrid);
  EXPECT_EQ(backend.summary, "hybrid: limits v1, freeze and kill v2");
  EXPECT_EQ(backend.why_not_v2,
            "the cgroup v2 mount lacks cpu, memory, pids, which belong to cgroup v1");
  EXPECT_EQ(backend.remedy, "boot with systemd.unified_cgroup_hierarchy=1 cgroup_no_v1=all");
  ASSERT_EQ(backend.hierarchies.size(), 5U);
  EXPECT_EQ(backend.of("memory")->own_group, kernel.root() + "/sys/fs/cgroup/memory");
  EXPECT_EQ(backend.v2()->own_group, kernel.root() + "/sys/fs/cgroup/unified");
}

TEST(CgroupBackend, KnowsWhereWsl2BootsWithV2Alone) {
  FakeKernel kernel;
  kernel.mount_all_v1();
  kernel.mount_v2({}, "/", "/sys/fs/cgroup/unified");
  kernel.set("/proc/sys/kernel/osrelease", "5.15.167.4-microsoft-standard-WSL2\n");
  EXPECT_EQ(detect(kernel).remedy,
            "put kernelCommandLine=cgroup_no_v1=all into [wsl2] of .wslconfig, then wsl "
            "--shutdown (both in Windows)");
}

TEST(CgroupBackend, IsV1WhereTheV2MountCannotBeWritten) {
  FakeKernel kernel;
  kernel.mount_all_v1();
  kernel.mount_v2({}, "/", "/sys/fs/cgroup/unified", "ro");
  const auto backend = detect(kernel);
  EXPECT_EQ(backend.kind, CgroupKind::v1);
  EXPECT_EQ(backend.summary, "v1");
  EXPECT_EQ(backend.v2(), nullptr);
}

TEST(CgroupBackend, IsV1WithoutAV2Mount) {
  FakeKernel kernel;
  kernel.mount_v1("cpu,cpuacct", "/a");
  kernel.mount_v1("memory", "/b");
  kernel.mount_v1("pids");
  const auto backend = detect(kernel);
  EXPECT_EQ(backend.kind, CgroupKind::v1);
  EXPECT_EQ(backend.why_not_v2, "cgroup v2 is not mounted");
  EXPECT_EQ(backend.hierarchies.size(), 3U);
  EXPECT_EQ(backend.of("cpuacct"), backend.of("cpu"));
}

TEST(CgroupBackend, PrefersV2WhereBothHaveTheControllers) {
  FakeKernel kernel;
  kernel.mount_all_v1();
  kernel.mount_v2(k_all, "/x", "/sys/fs/cgroup/unified");
  EXPECT_EQ(detect(kernel).kind, CgroupKind::v2);
}

TEST(CgroupBackend, NamesTheControllerThatV1Lacks) {
  for (const std::string missing : {"cpu", "cpuacct", "memory", "pids"}) {
    FakeKernel kernel;
    for (const std::string name : {"cpu", "cpuacct", "memory", "pids"}) {
      if (name != missing) kernel.mount_v1(name);
    }
    const auto backend = detect(kernel);
    EXPECT_EQ(backend.kind, CgroupKind::none);
    EXPECT_EQ(backend.summary, "none: cgroup v1 has no " + missing);
    EXPECT_EQ(backend.remedy, "boot with these controllers, or with cgroup v2 alone");
  }
}

TEST(CgroupBackend, WantsRootWhereV1BelongsToSomebodyElse) {
  FakeKernel kernel;
  kernel.mount_all_v1();
  kernel.mount_v2({}, "/", "/sys/fs/cgroup/unified");
  kernel.refuse("cgroup/memory", EACCES);
  const auto backend = detect(kernel);
  EXPECT_EQ(backend.kind, CgroupKind::none);
  EXPECT_EQ(plain(kernel, backend.summary),
            "none: no group can be made in /sys/fs/cgroup/memory: Permission denied");
  EXPECT_EQ(backend.remedy, ::geteuid() == 0 ? k_container_remedy : "run it as root (sudo)");
}

TEST(CgroupBackend, IsNoneWhereOneV1MountIsReadOnly) {
  FakeKernel kernel;
  kernel.mount_v1("cpu,cpuacct");
  kernel.mount_v1("memory", "/", "ro");
  kernel.mount_v1("pids");
  EXPECT_EQ(plain(kernel, detect(kernel).summary),
            "none: /sys/fs/cgroup/memory is mounted read-only (a container without --privileged?)");
}

TEST(CgroupBackend, OfThisHostIsToldInOneLine) {
  const auto backend = detect_cgroups();
  EXPECT_NE(backend.summary, "");
  EXPECT_EQ(backend.summary.find('\n'), std::string::npos);
  EXPECT_EQ(backend.kind == CgroupKind::v2, backend.why_not_v2.empty());
  EXPECT_EQ(backend.kind == CgroupKind::v2, backend.remedy.empty());
}

}  // namespace
}  // namespace coldframe
