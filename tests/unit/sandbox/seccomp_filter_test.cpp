// What the filter says about each system call, by running its program as the kernel would.
#include "emulator/sandbox/seccomp_filter.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>

#include "emulator/sandbox/bpf.hpp"
#include "tests/support/bpf_machine.hpp"

namespace coldframe {
namespace {

constexpr std::uint32_t k_allow = SECCOMP_RET_ALLOW;
constexpr std::uint32_t k_eperm = SECCOMP_RET_ERRNO | EPERM;
constexpr std::uint32_t k_enosys = SECCOMP_RET_ERRNO | ENOSYS;

using bpf::k_architecture;
using testing::run;
using testing::Verdict;

Verdict ask(std::uint32_t number, std::uint64_t argument = 0, std::uint32_t arch = k_architecture,
            std::uint64_t second = 0) {
  seccomp_data data{};
  data.nr = static_cast<int>(number);
  data.arch = arch;
  data.args[0] = argument;
  data.args[1] = second;
  return run(seccomp_filter(), data);
}

std::uint32_t expected(SyscallRule rule) {
  if (rule == SyscallRule::refuse) return k_eperm;
  return rule == SyscallRule::unknown ? k_enosys : k_allow;  // with an argument that is allowed
}

TEST(SeccompFilter, SaysOfEachNumberWhatTheTableSays) {
  for (std::uint32_t number = 0; number <= 600; ++number) {
    const SyscallRule rule = rule_of(number);
    const std::uint64_t argument = rule == SyscallRule::socket ? AF_INET : 0;
    EXPECT_EQ(ask(number, argument).value, expected(rule)) << number;
  }
}

TEST(SeccompFilter, NeedsFewInstructionsForAnyCall) {
  int most = 0;
  for (std::uint32_t number = 0; number <= 600; ++number)
    most = std::max(most, ask(number, 0xfffffffe).instructions);
  EXPECT_LE(most, 25);
  EXPECT_LE(ask(SYS_read).instructions, 12);
}

TEST(SeccompFilter, RefusesWhatNeedsACapabilityOrIsNoBusinessOfAFunction) {
  for (const long number : {SYS_mount,
                            SYS_umount2,
                            SYS_pivot_root,
                            SYS_chroot,
                            SYS_setns,
                            SYS_unshare,
                            SYS_bpf,
                            SYS_perf_event_open,
                            SYS_kexec_load,
                            SYS_init_module,
                            SYS_finit_module,
                            SYS_delete_module,
                            SYS_keyctl,
                            SYS_add_key,
                            SYS_request_key,
                            SYS_userfaultfd,
                            SYS_io_uring_setup,
                            SYS_io_uring_enter,
                            SYS_io_uring_register,
                            SYS_process_vm_readv,
                            SYS_process_vm_writev,
                            SYS_open_by_handle_at,
                            SYS_quotactl,
                            SYS_reboot,
                            SYS_swapon,
                            SYS_swapoff,
                            SYS_acct,
                            SYS_settimeofday,
                            SYS_clock_settime,
                            SYS_syslog,
                            SYS_sethostname,
                            SYS_fsopen,
                            SYS_fsmount,
                            SYS_move_mount,
                            SYS_open_tree,
                            SYS_mount_setattr,
                            SYS_fanotify_init,
                            SYS_pidfd_getfd,
#ifdef __x86_64__
                            SYS_iopl,
                            SYS_ioperm,
                            SYS_uselib,
#endif
                            SYS_vhangup}) {
    EXPECT_EQ(ask(static_cast<std::uint32_t>(number)).value, k_eperm) << number;
  }
}

TEST(SeccompFilter, AllowsWhatRuntimesUse) {
  for (const long number : {SYS_read,
                            SYS_write,
                            SYS_mmap,
                            SYS_futex,
                            SYS_execve,
                            SYS_wait4,
                            SYS_exit_group,
                            SYS_openat,
                            SYS_epoll_pwait,
                            SYS_connect,
                            SYS_getrandom,
                            SYS_rseq,
                            SYS_set_robust_list,
                            SYS_membarrier,
                            SYS_memfd_create,
                            SYS_pidfd_open,
                            SYS_prlimit64,
                            SYS_sched_getaffinity,
                            SYS_statx,
                            SYS_io_setup,
                            SYS_semget,
                            SYS_seccomp,
                            SYS_ptrace,
                            SYS_close_range}) {
    EXPECT_EQ(ask(static_cast<std::uint32_t>(number)).value, k_allow) << number;
  }
}

TEST(SeccompFilter, LetsLibcFallBackFromWhatItDoesNotKnow) {
  for (const std::uint32_t number : {435U, 400U, 467U, 600U, 100000U, 0xffffffffU}) {
    EXPECT_EQ(ask(number).value, k_enosys) << number;
  }
}

TEST(SeccompFilter, KnowsNoCallOfAnotherArchitecture) {
  EXPECT_EQ(ask(SYS_read, 0, AUDIT_ARCH_I386).value, k_enosys);
  EXPECT_EQ(ask(SYS_read, 0, AUDIT_ARCH_ARM).value, k_enosys);
  EXPECT_EQ(ask(SYS_read | 0x40000000).value, k_enosys) << "x32";
}

TEST(SeccompFilter, LetsThreadsBeMadeButNoNamespace) {
  const std::uint64_t thread = 0x3d0f00;  // glibc's flags
  EXPECT_EQ(ask(SYS_clone, thread).value, k_allow);
  EXPECT_EQ(ask(SYS_clone, 17).value, k_allow) << "fork: SIGCHLD alone";
  for (const std::uint64_t flag : {0x20000ULL, 0x2000000ULL, 0x4000000ULL, 0x8000000ULL,
                                   0x10000000ULL, 0x20000000ULL, 0x40000000ULL}) {
    EXPECT_EQ(ask(SYS_clone, thread | flag).value, k_eperm) << flag;
  }
}

TEST(SeccompFilter, LooksAtTheFamilyOfASocket) {
  for (const int family : {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET})
    EXPECT_EQ(ask(SYS_socket, static_cast<std::uint64_t>(family)).value, k_allow) << family;
  for (const int family : {AF_VSOCK, AF_ALG, AF_BLUETOOTH, AF_CAN, AF_XDP, 0})
    EXPECT_EQ(ask(SYS_socket, static_cast<std::uint64_t>(family)).value, k_eperm) << family;
  // The kernel takes an int: what is above does not hide the family.
  EXPECT_EQ(ask(SYS_socket, 0x100000000ULL | AF_ALG).value, k_eperm);
}

TEST(SeccompFilter, LooksAtThePersonality) {
  EXPECT_EQ(ask(SYS_personality, 0xffffffff).value, k_allow) << "a question";
  EXPECT_EQ(ask(SYS_personality, 0).value, k_allow);
  EXPECT_EQ(ask(SYS_personality, 0x40000).value, k_eperm) << "ADDR_NO_RANDOMIZE";
}

TEST(SeccompFilter, LeavesTheInitItsLimitsAndItsTurn) {
  const auto priority = [](std::uint32_t number, std::uint64_t which, std::uint64_t who) {
    return ask(number, which, k_architecture, who).value;
  };
  for (const long number : {SYS_prlimit64, SYS_sched_setaffinity, SYS_sched_setattr,
                            SYS_sched_setparam, SYS_sched_setscheduler}) {
    const auto call = static_cast<std::uint32_t>(number);
    EXPECT_EQ(ask(call, 1).value, k_eperm) << number;
    EXPECT_EQ(ask(call, 0x100000001ULL).value, k_eperm) << number;
    EXPECT_EQ(ask(call, 0).value, k_allow) << number;
    EXPECT_EQ(ask(call, 2).value, k_allow) << number;
  }
  EXPECT_EQ(priority(SYS_setpriority, PRIO_PROCESS, 1), k_eperm);
  EXPECT_EQ(priority(SYS_setpriority, PRIO_USER, 0), k_eperm) << "the init is among them";
  EXPECT_EQ(priority(SYS_setpriority, PRIO_PROCESS, 0), k_allow) << "nice()";
  EXPECT_EQ(priority(SYS_setpriority, PRIO_PGRP, 7), k_allow);
  EXPECT_EQ(priority(SYS_ioprio_set, 1, 1), k_eperm);
  EXPECT_EQ(priority(SYS_ioprio_set, 3, 993), k_eperm);
  EXPECT_EQ(priority(SYS_ioprio_set, 1, 0), k_allow);
  EXPECT_EQ(priority(SYS_ioprio_set, 2, 7), k_allow);
}

TEST(SeccompFilter, JumpsOverMoreThanAJumpCanHold) {
  std::vector<SyscallRange> ranges;
  for (std::uint32_t i = 0; i < 3000; ++i)
    ranges.push_back({i * 2, i % 2 == 0 ? SyscallRule::allow : SyscallRule::refuse});
  const auto program = build_seccomp_filter(ranges);
  for (std::uint32_t number = 0; number < 6100; ++number) {
    seccomp_data data{};
    data.nr = static_cast<int>(number);
    data.arch = k_architecture;
    const auto verdict = run(program, data);
    const bool allowed = std::min(number / 2, 2999U) % 2 == 0;
    ASSERT_EQ(verdict.value, allowed ? k_allow : k_eperm) << number;
    ASSERT_LE(verdict.instructions, 4 + 2 * 12 + 1);
  }
}

TEST(SyscallRules, AreRangesWithoutGapsThatDiffer) {
  const auto ranges = syscall_ranges();
  ASSERT_FALSE(ranges.empty());
  EXPECT_EQ(ranges.front().first, 0U);
  EXPECT_EQ(ranges.back().rule, SyscallRule::unknown);
  for (std::size_t i = 1; i < ranges.size(); ++i) {
    EXPECT_LT(ranges[i - 1].first, ranges[i].first);
    EXPECT_NE(ranges[i - 1].rule, ranges[i].rule);
  }
  EXPECT_LT(ranges.size(), 100U);
}

}  // namespace
}  // namespace coldframe
