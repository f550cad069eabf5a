#include "emulator/cgroup/cgroup_v1.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>

#include "emulator/process/group_entry.hpp"
#include "tests/unit/cgroup/fake_kernel.hpp"

namespace coldframe {
namespace {

using namespace std::chrono_literals;
using testing::FakeKernel;
using Texts = std::vector<std::string>;

class CgroupV1 : public ::testing::Test {
 protected:
  CgroupV1() { kernel.mount_all_v1(); }
  V1Directories directories(const std::string& id = "x") const {
    const std::string top = kernel.root() + "/sys/fs/cgroup/";
    return {top + "cpu/" + id, top + "cpuacct/" + id, top + "memory/" + id, top + "pids/" + id, ""};
  }
  std::unique_ptr<Cgroup> make(const CgroupLimits& limits = {}) {
    auto group = make_cgroup_v1(kernel, directories(), limits);
    EXPECT_TRUE(group) << (group ? "" : group.error().message);
    return group ? std::move(*group) : nullptr;
  }
  // What is written when a quota is set, without the path.
  Texts cpu_writes() {
    Texts out;
    for (const auto& line : kernel.done()) {
      if (const auto at = line.find("/cpu.cfs_"); at != std::string::npos) {
        out.push_back(line.substr(at + 1));
      }
    }
    return out;
  }
  FakeKernel kernel;
};

TEST_F(CgroupV1, HasItsLimitsBeforeAnybodyJoins) {
  const auto group = make({.memory_bytes = 134217728});
  auto done = kernel.done();
  // The two descriptors differ from run to run.
  std::erase_if(done,
                [](const std::string& line) { return line.find("event_control") != line.npos; });
  const std::string top = "/sys/fs/cgroup/";
  EXPECT_EQ(
      done,
      (Texts{"mkdir " + top + "cpu/x", "mkdir " + top + "cpuacct/x", "mkdir " + top + "memory/x",
             "mkdir " + top + "pids/x", top + "cpu/x/cpu.shares = 262144",
             top + "cpu/x/cpu.cfs_quota_us = -1", top + "cpu/x/cpu.cfs_period_us = 20000",
             top + "cpu/x/cpu.cfs_burst_us = 0", top + "memory/x/memory.limit_in_bytes = 134217728",
             top + "memory/x/memory.memsw.limit_in_bytes = 134217728",
             top + "pids/x/pids.max = 1024"}));
  EXPECT_EQ(group->notes(), Texts{});
}

TEST_F(CgroupV1, SetsAQuotaWithOneWrite) {
  const auto group = make();
  cpu_writes();
  ASSERT_TRUE(group->limit_cpu(cpu_quota(128)));
  EXPECT_EQ(cpu_writes(), Texts{"cpu.cfs_quota_us = 1447"});
  ASSERT_TRUE(group->limit_cpu(std::nullopt));
  EXPECT_EQ(cpu_writes(), Texts{"cpu.cfs_quota_us = -1"});
}

TEST_F(CgroupV1, TakesTheQuotaOffBeforeThePeriodChanges) {
  const auto group = make();
  ASSERT_TRUE(group->limit_cpu(CpuQuota{5ms, 20ms}));
  cpu_writes();
  ASSERT_TRUE(group->limit_cpu(CpuQuota{5ms, 10ms}));
  EXPECT_EQ(cpu_writes(), (Texts{"cpu.cfs_quota_us = -1", "cpu.cfs_period_us = 10000",
                                 "cpu.cfs_quota_us = 5000"}));
}

TEST_F(CgroupV1, SetsThePeriodAgainAfterTheKernelHasRefusedIt) {
  const auto group = make();
  kernel.refuse("cpu.cfs_period_us", EINVAL);
  EXPECT_FALSE(group->limit_cpu(CpuQuota{5ms, 10ms}));
  kernel.refuse("cpu.cfs_period_us", 0);
  cpu_writes();
  ASSERT_TRUE(group->limit_cpu(CpuQuota{5ms, 10ms}));
  EXPECT_EQ(cpu_writes(), (Texts{"cpu.cfs_quota_us = -1", "cpu.cfs_period_us = 10000",
                                 "cpu.cfs_quota_us = 5000"}));
}

TEST_F(CgroupV1, SaysWhichFileRefusedWhat) {
  const auto group = make();
  kernel.refuse("cpu.cfs_quota_us", EINVAL);
  const auto done = group->limit_cpu(cpu_quota(128));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "cannot write 1447 to " + kernel.root() +
                                      "/sys/fs/cgroup/cpu/x/cpu.cfs_quota_us: Invalid argument");
  EXPECT_EQ(done.error().code, ExitCode::emulator_failed);
}

TEST_F(CgroupV1, LeavesNothingBehindWhenALimitIsRefused) {
  const std::pair<const char*, int> refusals[] = {{"memory.limit_in_bytes", EBUSY},
                                                  {"pids.max", EINVAL},
                                                  {"cpu.shares", EACCES},
                                                  {"cpu.cfs_period_us", EINVAL},
                                                  {"memory/x", EACCES}};
  for (const auto& [file, error_number] : refusals) {
    kernel.refuse(file, error_number);
    const auto group = make_cgroup_v1(kernel, directories(), {.memory_bytes = 1 << 27});
    ASSERT_FALSE(group) << file;
    EXPECT_NE(group.error().message.find(file), std::string::npos) << group.error().message;
    EXPECT_NE(group.error().message.find(std::strerror(error_number)), std::string::npos);
    kernel.refuse(file, 0);
    for (const char* controller : {"cpu", "cpuacct", "memory", "pids"}) {
      EXPECT_FALSE(kernel.exists("/sys/fs/cgroup/" + std::string(controller) + "/x")) << file;
    }
  }
}

TEST_F(CgroupV1, NeedsTheFilesOfTheCpuQuota) {
  kernel.lacks("cpu.cfs_quota_us");
  const auto group = make_cgroup_v1(kernel, directories(), {});
  ASSERT_FALSE(group);
  EXPECT_TRUE(group.error().message.ends_with("cpu.cfs_quota_us: No such file or directory"));
}

TEST_F(CgroupV1, DoesNotTouchAGroupOfThatNameThatIsThere) {
  const auto first = make();
  kernel.done();
  const auto second = make_cgroup_v1(kernel, directories(), {});
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("File exists"), std::string::npos);
  EXPECT_EQ(kernel.done(), Texts{});
  EXPECT_TRUE(kernel.exists("/sys/fs/cgroup/cpu/x"));
}

TEST_F(CgroupV1, NotesThatSwapCannotBeForbidden) {
  kernel.lacks("memory.memsw.limit_in_bytes");
  const auto group = make({.memory_bytes = 1 << 27});
  ASSERT_EQ(group->notes().size(), 1U);
  EXPECT_TRUE(group->notes()[0].starts_with("swap cannot be forbidden: ")) << group->notes()[0];
}

TEST_F(CgroupV1, NotesThatTheKernelDoesNotTellOfAnEmptyMemory) {
  kernel.refuse("cgroup.event_control", EINVAL);
  const auto group = make();
  EXPECT_FALSE(group->oom_event());
  ASSERT_EQ(group->notes().size(), 1U);
  EXPECT_TRUE(group->notes()[0].ends_with("Invalid argument")) << group->notes()[0];
}

TEST_F(CgroupV1, AsksTheKernelForAnEventOnTheRightFile) {
  const auto group = make();
  ASSERT_TRUE(group->oom_event());
  EXPECT_EQ(group->oom_event()->events, POLLIN);
  EXPECT_TRUE(kernel.get("/sys/fs/cgroup/memory/x/cgroup.event_control")
                  .starts_with(std::to_string(group->oom_event()->fd) + " "));
  // The kernel would do this.
  const std::uint64_t one = 1;
  ASSERT_EQ(::write(group->oom_event()->fd, &one, sizeof one), 8);
  pollfd ready{group->oom_event()->fd, POLLIN, 0};
  EXPECT_EQ(::poll(&ready, 1, 0), 1);
  group->oom_event_seen();
  EXPECT_EQ(::poll(&ready, 1, 0), 0);
}

TEST_F(CgroupV1, ReadsWhatTheKernelCounted) {
  const auto group = make();
  const std::string top = "/sys/fs/cgroup/";
  kernel.set(top + "cpuacct/x/cpuacct.usage", "123456789\n");
  kernel.set(top + "cpu/x/cpu.stat", "nr_periods 7\nnr_throttled 5\nthrottled_time 90000000\n");
  const auto cpu = group->cpu_usage();
  ASSERT_TRUE(cpu);
  EXPECT_EQ(cpu->used, 123456789ns);
  EXPECT_EQ(cpu->throttled, 90ms);
  EXPECT_EQ(cpu->periods, 7);
  EXPECT_EQ(cpu->periods_throttled, 5);

  kernel.set(top + "memory/x/memory.stat",
             "cache 9\nrss 1\ntotal_cache 900\ntotal_rss 100\ntotal_rss_huge 7\ntotal_shmem 20\n"
             "total_mapped_file 3\n");
  kernel.set(top + "memory/x/memory.usage_in_bytes", "1100\n");
  kernel.set(top + "memory/x/memory.max_usage_in_bytes", "2000\n");
  EXPECT_EQ(*group->memory_usage(), 123);
  EXPECT_EQ(group->peak_charged_bytes(), 2000);

  kernel.set(top + "memory/x/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
  EXPECT_EQ(*group->oom_kills(), 2);
}

TEST_F(CgroupV1, NeverTellsOfMoreMemoryThanIsCharged) {
  const auto group = make();
  // Shared memory that is mapped is in two of the numbers.
  kernel.set("/sys/fs/cgroup/memory/x/memory.stat",
             "total_rss 10\ntotal_shmem 100\ntotal_mapped_file 100\n");
  kernel.set("/sys/fs/cgroup/memory/x/memory.usage_in_bytes", "115\n");
  EXPECT_EQ(*group->memory_usage(), 115);
}

TEST_F(CgroupV1, SaysWhatItCannotRead) {
  const auto group = make();
  kernel.set("/sys/fs/cgroup/memory/x/memory.oom_control", "under_oom 0\n");
  EXPECT_TRUE(group->oom_kills().error().message.ends_with("has no number for oom_kill"));
  kernel.set("/sys/fs/cgroup/cpuacct/x/cpuacct.usage", "many\n");
  EXPECT_TRUE(group->cpu_usage().error().message.ends_with("cpuacct.usage has no number"));
  std::filesystem::remove(kernel.root() + "/sys/fs/cgroup/memory/x/memory.stat");
  EXPECT_TRUE(group->memory_usage().error().message.ends_with("No such file or directory"));
}

TEST_F(CgroupV1, IsJoinedThroughOneDescriptorAHierarchy) {
  const auto group = make();
  const auto fds = group->join_descriptors();
  ASSERT_EQ(fds.size(), 4U);
  for (const int fd : fds) {
    EXPECT_EQ(::fcntl(fd, F_GETFD), FD_CLOEXEC);
    ASSERT_EQ(::write(fd, "0", 1), 1);
  }
  for (const char* name : {"cpu", "cpuacct", "memory", "pids"})
    EXPECT_EQ(kernel.get("/sys/fs/cgroup/" + std::string(name) + "/x/tasks"), "0");
}

TEST_F(CgroupV1, HasOneDirectoryForCoMountedControllers) {
  FakeKernel other;
  other.mount_v1("cpu,cpuacct");
  other.mount_v1("memory");
  other.mount_v1("pids");
  const std::string top = other.root() + "/sys/fs/cgroup/";
  auto group = make_cgroup_v1(
      other, {top + "cpu,cpuacct/x", top + "cpu,cpuacct/x", top + "memory/x", top + "pids/x", ""},
      {});
  ASSERT_TRUE(group) << group.error().message;
  EXPECT_EQ((*group)->join_descriptors().size(), 3U);
  EXPECT_TRUE((*group)->cpu_usage());
}

TEST_F(CgroupV1, CannotFreezeWithoutAV2Mount) {
  const auto group = make();
  EXPECT_FALSE(group->can_freeze());
  EXPECT_EQ(group->freeze().error().code, ExitCode::not_supported);
  EXPECT_EQ(group->thaw().error().code, ExitCode::not_supported);
  EXPECT_FALSE(group->is_frozen());
}

TEST_F(CgroupV1, LetsNobodyForkWhileItKills) {
  const auto group = make({.processes = 77});
  kernel.done();
  group->kill();
  EXPECT_EQ(kernel.done(),
            (Texts{"/sys/fs/cgroup/pids/x/pids.max = 0", "/sys/fs/cgroup/pids/x/pids.max = 77"}));
}

TEST_F(CgroupV1, IsEmptyWhenNobodyIsInAnyHierarchy) {
  const auto group = make();
  EXPECT_TRUE(group->is_empty());
  for (const char* name : {"cpu", "memory", "pids"}) {
    const std::string procs = "/sys/fs/cgroup/" + std::string(name) + "/x/cgroup.procs";
    kernel.set(procs, "1\n");
    EXPECT_FALSE(group->is_empty()) << name;
    kernel.set(procs, "");
  }
}

TEST_F(CgroupV1, IsRemovedWhenTheKernelLetsIt) {
  const auto group = make();
  kernel.refuse("memory/x", EBUSY);
  EXPECT_FALSE(group->remove());
  kernel.refuse("memory/x", 0);
  EXPECT_TRUE(kernel.exists("/sys/fs/cgroup/memory/x"));
  EXPECT_FALSE(kernel.exists("/sys/fs/cgroup/cpu/x"));
  EXPECT_TRUE(group->remove());
  EXPECT_FALSE(kernel.exists("/sys/fs/cgroup/memory/x"));
  EXPECT_TRUE(group->remove());
}

TEST_F(CgroupV1, RemovesWhatAFunctionHasMadeInIt) {
  const auto group = make();
  kernel.make_directory(kernel.root() + "/sys/fs/cgroup/pids/x/inner");
  kernel.make_directory(kernel.root() + "/sys/fs/cgroup/pids/x/inner/most");
  EXPECT_TRUE(group->remove());
  EXPECT_FALSE(kernel.exists("/sys/fs/cgroup/pids/x"));
}

TEST_F(CgroupV1, IsRemovedByItsDestructor) {
  make();
  EXPECT_FALSE(kernel.exists("/sys/fs/cgroup/pids/x"));
}

// Hybrid: the v2 mount has none of the controllers.
class CgroupHybrid : public CgroupV1 {
 protected:
  CgroupHybrid() {
    kernel.mount_v2({}, "/", "/sys/fs/cgroup/unified");
    auto places = directories();
    places.unified = kernel.root() + "/sys/fs/cgroup/unified/x";
    auto made = make_cgroup_v1(kernel, places, {});
    EXPECT_TRUE(made) << (made ? "" : made.error().message);
    group = std::move(*made);
    kernel.done();
  }
  std::unique_ptr<Cgroup> group;
};

TEST_F(CgroupHybrid, FreezesAndThawsThroughV2) {
  EXPECT_TRUE(group->can_freeze());
  ASSERT_TRUE(group->freeze());
  EXPECT_FALSE(group->is_frozen()) << "the kernel has not said so yet";
  kernel.set("/sys/fs/cgroup/unified/x/cgroup.events", "populated 1\nfrozen 1\n");
  EXPECT_TRUE(group->is_frozen());
  ASSERT_TRUE(group->thaw());
  EXPECT_EQ(kernel.done(), (Texts{"/sys/fs/cgroup/unified/x/cgroup.freeze = 1",
                                  "/sys/fs/cgroup/unified/x/cgroup.freeze = 0"}));
}

TEST_F(CgroupHybrid, KillsThroughV2) {
  group->kill();
  EXPECT_EQ(kernel.done(), Texts{"/sys/fs/cgroup/unified/x/cgroup.kill = 1"});
}

TEST_F(CgroupHybrid, IsJoinedAtV2FirstSoThatItsKillMissesNobody) {
  const auto fds = group->join_descriptors();
  ASSERT_EQ(fds.size(), 5U);
  EXPECT_EQ(join_groups({fds[0]}, false), 0);
  EXPECT_EQ(kernel.get("/sys/fs/cgroup/unified/x/cgroup.procs"), "0");
}

TEST_F(CgroupHybrid, KillsByHandOnAKernelWithoutThatFile) {
  kernel.refuse("cgroup.kill", ENOENT);
  group->kill();
  EXPECT_EQ(kernel.done(),
            (Texts{"/sys/fs/cgroup/pids/x/pids.max = 0", "/sys/fs/cgroup/pids/x/pids.max = 1024"}));
}

TEST_F(CgroupHybrid, RemovesItsDirectoryInV2Too) {
  EXPECT_TRUE(group->remove());
  EXPECT_FALSE(kernel.exists("/sys/fs/cgroup/unified/x"));
}

}  // namespace
}  // namespace coldframe
