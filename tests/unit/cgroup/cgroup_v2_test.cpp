#include "emulator/cgroup/cgroup_v2.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>

#include <csignal>

#include "emulator/cgroup/directory_cgroup.hpp"
#include "tests/unit/cgroup/fake_kernel.hpp"

namespace coldframe {
namespace {

using namespace std::chrono_literals;
using testing::FakeKernel;
using Texts = std::vector<std::string>;

class CgroupV2 : public ::testing::Test {
 protected:
  CgroupV2() {
    kernel.mount_v2({"cpu", "memory", "pids"});
    kernel.set("/sys/fs/cgroup/cgroup.subtree_control", "cpu memory pids\n");
  }
  std::string directory() const { return kernel.root() + "/sys/fs/cgroup/x"; }
  std::unique_ptr<Cgroup> make(const CgroupLimits& limits = {}) {
    auto group = make_cgroup_v2(kernel, directory(), limits);
    EXPECT_TRUE(group) << (group ? "" : group.error().message);
    return group ? std::move(*group) : nullptr;
  }
  FakeKernel kernel;
};

TEST_F(CgroupV2, HasItsLimitsBeforeAnybodyJoins) {
  const auto group = make({.memory_bytes = 134217728});
  const std::string at = "/sys/fs/cgroup/x/";
  EXPECT_EQ(kernel.done(),
            (Texts{"mkdir /sys/fs/cgroup/x", at + "cpu.weight = 10000", at + "cpu.max.burst = 0",
                   at + "memory.max = 134217728", at + "memory.swap.max = 0",
                   at + "memory.oom.group = 1", at + "pids.max = 1024"}));
  EXPECT_EQ(group->notes(), Texts{});
}

TEST_F(CgroupV2, IsUnlimitedWithoutALimitOfMemory) {
  const auto group = make();
  EXPECT_EQ(kernel.get("/sys/fs/cgroup/x/memory.max"), "max\n");
}

TEST_F(CgroupV2, SetsQuotaAndPeriodInOneWrite) {
  const auto group = make();
  kernel.done();
  ASSERT_TRUE(group->limit_cpu(cpu_quota(128)));
  ASSERT_TRUE(group->limit_cpu(std::nullopt));
  EXPECT_EQ(kernel.done(), (Texts{"/sys/fs/cgroup/x/cpu.max = 1447 20000",
                                  "/sys/fs/cgroup/x/cpu.max = max 20000"}));
}

TEST_F(CgroupV2, LeavesNothingBehindWhenALimitIsRefused) {
  const std::pair<const char*, int> refusals[] = {
      {"memory.max", EBUSY}, {"pids.max", EINVAL}, {"cpu.weight", ERANGE}, {"cgroup/x", EACCES}};
  for (const auto& [file, error_number] : refusals) {
    kernel.refuse(file, error_number);
    const auto group = make_cgroup_v2(kernel, directory(), {});
    ASSERT_FALSE(group) << file;
    EXPECT_NE(group.error().message.find(file), std::string::npos) << group.error().message;
    EXPECT_TRUE(group.error().message.ends_with(std::strerror(error_number)));
    kernel.refuse(file, 0);
    EXPECT_FALSE(kernel.exists("/sys/fs/cgroup/x")) << file;
  }
}

TEST_F(CgroupV2, NeedsAControllerThatTheGroupAboveGives) {
  kernel.set("/sys/fs/cgroup/cgroup.subtree_control", "memory pids\n");
  const auto group = make_cgroup_v2(kernel, directory(), {});
  ASSERT_FALSE(group);
  EXPECT_EQ(group.error().message,
            "cannot write 10000 to " + directory() + "/cpu.weight: No such file or directory");
}

TEST_F(CgroupV2, NotesWhatTheKernelDoesNotHave) {
  kernel.lacks("memory.swap.max");
  kernel.lacks("memory.oom.group");
  kernel.lacks("memory.peak");
  kernel.lacks("cpu.max.burst");
  kernel.lacks("cgroup.freeze");
  const auto group = make({.memory_bytes = 1 << 27});
  ASSERT_EQ(group->notes().size(), 2U);
  EXPECT_TRUE(group->notes()[0].starts_with("swap cannot be forbidden: ")) << group->notes()[0];
  EXPECT_TRUE(group->notes()[1].starts_with("the kernel ends one process, not all"))
      << group->notes()[1];
  EXPECT_EQ(group->peak_charged_bytes(), std::nullopt);
  EXPECT_FALSE(group->can_freeze());
  EXPECT_EQ(group->freeze().error().code, ExitCode::not_supported);
}

TEST_F(CgroupV2, ReadsWhatTheKernelCounted) {
  const auto group = make();
  const std::string at = "/sys/fs/cgroup/x/";
  kernel.set(at + "cpu.stat",
             "usage_usec 1500\nuser_usec 1\nnr_periods 9\nnr_throttled 4\nthrottled_usec 36000\n");
  const auto cpu = group->cpu_usage();
  ASSERT_TRUE(cpu);
  EXPECT_EQ(cpu->used, 1500us);
  EXPECT_EQ(cpu->throttled, 36ms);
  EXPECT_EQ(cpu->periods, 9);
  EXPECT_EQ(cpu->periods_throttled, 4);
  kernel.set(at + "memory.stat", "anon 100\nfile 900\nfile_mapped 3\nshmem 20\nanon_thp 8\n");
  kernel.set(at + "memory.current", "1100\n");
  kernel.set(at + "memory.peak", "2000\n");
  EXPECT_EQ(*group->memory_usage(), 123);
  EXPECT_EQ(group->peak_charged_bytes(), 2000);
  kernel.set(at + "memory.events", "low 0\nmax 5\noom 1\noom_kill 3\noom_group_kill 1\n");
  EXPECT_EQ(*group->oom_kills(), 3);
  ASSERT_TRUE(group->oom_event());
  EXPECT_EQ(group->oom_event()->events, POLLPRI);
}

TEST_F(CgroupV2, SaysWhatItCannotRead) {
  const auto group = make();
  kernel.set("/sys/fs/cgroup/x/cpu.stat", "nr_periods 0\n");
  EXPECT_TRUE(group->cpu_usage().error().message.ends_with("has no number for usage_usec"));
  kernel.set("/sys/fs/cgroup/x/memory.current", "\n");
  EXPECT_TRUE(group->memory_usage().error().message.ends_with("memory.current has no number"));
  kernel.set("/sys/fs/cgroup/x/memory.events", "oom_killed 4\n");
  EXPECT_TRUE(group->oom_kills().error().message.ends_with("has no number for oom_kill"));
}

TEST_F(CgroupV2, KillsWithOneWrite) {
  const auto group = make();
  kernel.done();
  group->kill();
  EXPECT_EQ(kernel.done(), Texts{"/sys/fs/cgroup/x/cgroup.kill = 1"});
}

TEST_F(CgroupV2, DoesNotKillInAGroupOfThatNameThatIsThere) {
  const auto first = make();
  kernel.done();
  EXPECT_FALSE(make_cgroup_v2(kernel, directory(), {}));
  EXPECT_EQ(kernel.done(), Texts{});
}

TEST_F(CgroupV2, KillsWhoIsLeftInItsDestructor) {
  auto group = make();
  kernel.set("/sys/fs/cgroup/x/cgroup.procs", "1\n");
  kernel.done();
  kernel.refuse("cgroup/x", EBUSY);
  group.reset();
  EXPECT_EQ(kernel.done(), Texts{"/sys/fs/cgroup/x/cgroup.kill = 1"});
}

// A real child in a group of plain files.
class Member {
 public:
  Member() : pid_(::fork()) {
    if (pid_ != 0) return;
    for (;;)
      ::pause();
  }
  ~Member() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;
  pid_t pid() const { return pid_; }
  bool is_killed() const {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) == 0 &&
           info.si_status == SIGKILL;
  }
  bool is_running() const {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == 0;
  }

 private:
  pid_t pid_;
};

TEST_F(CgroupV2, KillsByHandEveryMemberOnAKernelWithoutThatFile) {
  kernel.lacks("cgroup.kill");
  const auto group = make();
  const Member one;
  const Member two;
  const Member below;
  const Member other;
  kernel.make_directory(directory() + "/inner");
  kernel.set("/sys/fs/cgroup/x/cgroup.procs",
             std::to_string(one.pid()) + "\n" + std::to_string(two.pid()) + "\n");
  kernel.set("/sys/fs/cgroup/x/inner/cgroup.procs", std::to_string(below.pid()) + "\n");
  group->kill();
  EXPECT_TRUE(one.is_killed());
  EXPECT_TRUE(two.is_killed());
  EXPECT_TRUE(below.is_killed());
  EXPECT_TRUE(other.is_running());
}

TEST_F(CgroupV2, KillsNeitherItselfNorWhomItCannotName) {
  const auto group = make();
  // 0 is a process of another PID namespace; the others are no numbers of processes.
  kernel.set("/sys/fs/cgroup/x/cgroup.procs", "0\n-1\nx\n" + FakeKernel::own_pid() + "\n");
  EXPECT_EQ(kill_members(directory()).size(), 0U);
  kernel.set("/sys/fs/cgroup/x/cgroup.procs", "");
}

}  // namespace
}  // namespace coldframe
