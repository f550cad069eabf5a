// What a group holds its processes to, and what the kernel tells of them.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/magic.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "emulator/cgroup/run_name.hpp"
#include "tests/support/cgroup_fixture.hpp"
#include "tests/support/sandbox_fixture.hpp"
#include "tests/support/temp_dir.hpp"

namespace coldframe::testing {
namespace {

using namespace std::chrono_literals;

void touch(std::int64_t bytes, int flags = MAP_PRIVATE) {
  void* memory = ::mmap(nullptr, static_cast<std::size_t>(bytes), PROT_READ | PROT_WRITE,
                        flags | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) ::_exit(101);
  for (std::int64_t at = 0; at < bytes; at += 4096)
    static_cast<volatile char*>(memory)[at] = 1;
}

TEST_F(Cgroups, HaveTheLimitsThatWereAskedFor) {
  make({.memory_bytes = 128 * k_mib});
  EXPECT_EQ(read_number(at("memory") + (is_v2() ? "memory.max" : "memory.limit_in_bytes")),
            128 * k_mib);
  EXPECT_EQ(read_number(at("pids") + "pids.max"), 1024);
  ASSERT_TRUE(group->limit_cpu(cpu_quota(128)));
  if (is_v2()) {
    EXPECT_EQ(read_text(at("cpu") + "cpu.max"), "1447 20000\n");
    EXPECT_EQ(read_number(at("cpu") + "cpu.weight"), 10000);
    EXPECT_EQ(read_number(at("memory") + "memory.oom.group"), 1);
  } else {
    EXPECT_EQ(read_number(at("cpu") + "cpu.cfs_quota_us"), 1447);
    EXPECT_EQ(read_number(at("cpu") + "cpu.cfs_period_us"), 20000);
    EXPECT_EQ(read_number(at("cpu") + "cpu.shares"), 262144);
  }
  ASSERT_TRUE(group->limit_cpu(std::nullopt));
  EXPECT_EQ(read_text(at("cpu") + (is_v2() ? "cpu.max" : "cpu.cfs_quota_us")),
            is_v2() ? "max 20000\n" : "-1\n");
}

TEST_F(Cgroups, ForbidSwapOrSayThatTheyCannot) {
  make({.memory_bytes = 128 * k_mib});
  const auto limit =
      read_number(at("memory") + (is_v2() ? "memory.swap.max" : "memory.memsw.limit_in_bytes"));
  if (limit) {
    EXPECT_EQ(*limit, is_v2() ? 0 : 128 * k_mib);
    EXPECT_TRUE(group->notes().empty());
  } else {
    ASSERT_EQ(group->notes().size(), 1U);
    EXPECT_TRUE(group->notes()[0].starts_with("swap cannot be forbidden: ")) << group->notes()[0];
  }
}

TEST_F(Cgroups, HoldWhoJoinsThemBeforeItsExec) {
  make();
  EXPECT_TRUE(group->is_empty());
  const Child child = start([&] {
    shared->step = 1;
    rest();
  });
  ASSERT_TRUE(wait_until([&] { return shared->step == 1; }));
  for (const auto& hierarchy : backend.hierarchies) {
    EXPECT_EQ(processes_in(hierarchy.own_group + "/" + own_run_name() + "/a1"),
              std::vector<pid_t>{child.pid()});
  }
  EXPECT_FALSE(group->is_empty());
  EXPECT_FALSE(group->remove()) << "somebody is in it";
}

TEST_F(Cgroups, CountTheCpuTimeOfABusyChildAndThrottleIt) {
  make();
  const Child child = start([&] { spin(shared->count); });
  ASSERT_TRUE(wait_until([&] { return group->cpu_usage()->used > 50ms; }));
  EXPECT_EQ(group->cpu_usage()->periods_throttled, 0) << "there is no limit yet";

  ASSERT_TRUE(group->limit_cpu(CpuQuota{5ms, 20ms}));
  double share = 1;
  for (int tries = share_tries(); tries > 0 && share >= 0.25 + 0.05; --tries) {
    const auto begun = std::chrono::steady_clock::now();
    const auto before = group->cpu_usage();
    ASSERT_TRUE(before);
    std::this_thread::sleep_for(1s);
    ASSERT_TRUE(wait_until([&] { return group->cpu_usage()->periods_throttled > 3; }));
    const auto after = group->cpu_usage();
    ASSERT_TRUE(after);
    share = to_ms(after->used - before->used) / to_ms(std::chrono::steady_clock::now() - begun);
    EXPECT_GT(after->throttled, 0ns);
    EXPECT_GT(after->used, before->used);
  }
  EXPECT_LT(share, 0.25 + 0.05);

  ASSERT_TRUE(group->limit_cpu(std::nullopt));
  const long count = shared->count;
  EXPECT_TRUE(wait_until([&] { return shared->count > count; }));
}

TEST_F(Cgroups, TakeAShorterPeriodUnderTheQuotaOfTheGroupAbove) {
  if (is_v2()) GTEST_SKIP() << "needs cgroup v1: v2 allows a group more than the one above it";
  make();
  const std::string above = backend.of("cpu")->own_group + "/" + own_run_name();
  ASSERT_TRUE(put(kernel_files(), above + "/cpu.cfs_quota_us", "50000"));  // of 100 000
  ASSERT_TRUE(group->limit_cpu(CpuQuota{5ms, 20ms}));
  // 5 ms of 8 would be too much for a moment.
  EXPECT_EQ(kernel_files().write(at("cpu") + "cpu.cfs_period_us", "8000"), EINVAL);
  const auto done = group->limit_cpu(CpuQuota{4ms, 8ms});
  EXPECT_TRUE(done) << done.error().message;
  const auto too_much = group->limit_cpu(CpuQuota{5ms, 8ms});
  ASSERT_FALSE(too_much);
  EXPECT_TRUE(too_much.error().message.ends_with("Invalid argument")) << too_much.error().message;
}

TEST_F(Cgroups, TellWhenMemoryRunsOut) {
  make({.memory_bytes = 32 * k_mib});
  EXPECT_EQ(*group->oom_kills(), 0);
  const auto event = group->oom_event();
  ASSERT_TRUE(event) << (group->notes().empty() ? "" : group->notes()[0]);
  pollfd ready{event->fd, event->events, 0};
  EXPECT_EQ(::poll(&ready, 1, 0), 0);

  Child child = start([] {
    touch(64 * k_mib);
    rest();
  });
  EXPECT_EQ(child.wait(), SIGKILL);
  EXPECT_EQ(::poll(&ready, 1, 20'000), 1);
  // v2 counts the one that ran out and then all of its group, which it may still be in.
  const auto seen = [&] { return *group->oom_kills(); };
  EXPECT_TRUE(wait_until([&] { return seen() == 1 || (is_v2() && seen() == 2); })) << seen();
  if (const auto peak = group->peak_charged_bytes()) {
    EXPECT_LE(*peak, 32 * k_mib);
    EXPECT_GT(*peak, 31 * k_mib);
  }
  group->oom_event_seen();
  EXPECT_EQ(::poll(&ready, 1, 0), 0);
  EXPECT_TRUE(wait_until([&] { return group->is_empty(); }));
}

TEST_F(Cgroups, DoNotTakeAKilledProcessForOneWithoutMemory) {
  make({.memory_bytes = 32 * k_mib});
  Child child = start([&] {
    shared->step = 1;
    rest();
  });
  ASSERT_TRUE(wait_until([&] { return shared->step == 1; }));
  group->kill();
  EXPECT_EQ(child.wait(), SIGKILL);
  EXPECT_EQ(*group->oom_kills(), 0);
}

TEST_F(Cgroups, MeasureMemoryInUseWithoutThePageCache) {
  const TempDir directory;
  const std::string path = directory.path() + "/written";
  struct statfs about {};
  ASSERT_EQ(::statfs(directory.path().c_str(), &about), 0);
  if (about.f_type == TMPFS_MAGIC) {
    GTEST_SKIP() << "needs a disk behind " << directory.path() << ": tmpfs is shared memory";
  }
  make({.memory_bytes = 256 * k_mib});
  const Child child = start([&] {
    touch(24 * k_mib);
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    static char block[1 << 16];
    for (int i = 0; i < 128 * 16; ++i) {  // 128 MiB
      if (::write(file, block, sizeof block) != sizeof block) ::_exit(102);
    }
    shared->step = 1;
    rest();
  });
  ASSERT_TRUE(wait_until([&] { return shared->step == 1; }));
  // The kernel's sums may be some pages, or two seconds, late.
  EXPECT_TRUE(wait_until([&] { return *group->memory_usage() > 23 * k_mib; }));
  // A sanitizer keeps notes of what is touched.
  EXPECT_LT(*group->memory_usage(), 100 * k_mib);
  if (const auto peak = group->peak_charged_bytes()) {
    EXPECT_GT(*peak, 128 * k_mib);
  }
}

TEST_F(Cgroups, LetNoMoreProcessesBeThanAllowed) {
  make({.processes = 4});
  Child child = start([] {
    int forked = 0;
    for (; forked < 10; ++forked) {
      const pid_t pid = ::fork();
      if (pid < 0) break;
      if (pid == 0) {
        ::alarm(k_life_s);
        rest();
      }
    }
    ::_exit(forked);
  });
  const int forked = -child.wait();
  EXPECT_GE(forked, 1);
  EXPECT_LE(forked, 3) << "the four count threads too, and a sanitizer may have one in each";
}

// Functions without a quota, as in an init, with more threads than there are CPUs.
TEST_F(Cgroups, DoNotStarveUs) {
  make();
  const auto work = [&] { spin(shared->count); };
  const Child one = start(work);
  const Child two = start(work);
  const Child three = start(work);
  const Child four = start(work);
  ASSERT_TRUE(wait_until([&] { return group->cpu_usage()->used > 100ms; }));
  const auto before = group->cpu_usage();
  // 20 ms of work of our own; a share of 1 in 400 would let them have 8 s meanwhile, or 16.
  timespec time{};
  const auto used = [&] {
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  };
  for (const auto end = used() + 20ms; used() < end;) {
  }
  EXPECT_LT(group->cpu_usage()->used - before->used, 1s);
}

// hidepid, and a reader who is not its owner.
TEST(RunNameOfAHiddenRun, IsThatOfOneThatLives) {
  const std::string ours = own_run_name();
  const int outcome = in_child([&] {
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("proc", "/proc", "proc", 0, "hidepid=2") != 0) {
      return k_no_namespaces;
    }
    const std::string stat = "/proc/" + std::to_string(::getppid()) + "/stat";
    if (::setresgid(54321, 54321, 54321) != 0 || ::setresuid(54321, 54321, 54321) != 0) return 1;
    if (::access(stat.c_str(), R_OK) == 0) return 2;
    return owner_of(ours) == RunOwner::alive ? 0 : 3;
  });
  if (outcome == k_no_namespaces) GTEST_SKIP() << "needs to mount /proc";
  EXPECT_EQ(outcome, 0);
}

}  // namespace
}  // namespace coldframe::testing
