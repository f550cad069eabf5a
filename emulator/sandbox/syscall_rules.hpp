// Which system calls a function may make in the strict sandbox: what a container engine's default
// profile leaves to a process without capabilities.
//
//   rule_of(SYS_mount)   // SyscallRule::refuse: EPERM
//   rule_of(SYS_clone3)  // SyscallRule::unknown: ENOSYS, and libc falls back to clone
//
// Allowed beyond what looks needed: ptrace, because since Linux 4.8 it does not get around a
// filter, and in a PID namespace of their own debuggers reach the function's processes only. Pure;
// any thread.
#pragma once

#include <cstdint>
#include <vector>

namespace coldframe {

enum class SyscallRule : std::uint8_t {
  allow,
  refuse,       // EPERM
  unknown,      // ENOSYS: newer than the table, or a number that no call has
  clone,        // EPERM with a flag that makes a namespace
  socket,       // EPERM for other families than local, IPv4, IPv6, netlink and packet
  personality,  // EPERM but for asking, and for the three that change nothing for others
  process,      // EPERM for process 1
  priority,     // EPERM for process 1, and for all processes of a user, of whom it may be one
  io_priority,  // the same
};

// Numbers from `first` up to the next range's.
struct SyscallRange {
  std::uint32_t first;
  SyscallRule rule;
};

// For the architecture that this is compiled for. A number above the table's last is unknown; so is
// every x32 number, which has bit 30 set.
SyscallRule rule_of(std::uint32_t number);

// The same as ranges: ascending, the first begins at 0, neighbours differ.
std::vector<SyscallRange> syscall_ranges();

// What the rules look at is the first argument's low 32 bits, as the kernel does; the last two look
// at the second, too.
//
// In a user namespace the function is the same user as the sandbox's init, whose limits, CPUs and
// place in the queue for them it could change: an init that gets no CPU cannot end a fork bomb.
inline constexpr std::uint32_t k_init = 1;
inline constexpr std::uint32_t k_priority_of_user = 2;          // PRIO_USER
inline constexpr std::uint32_t k_io_priority_of_user = 3;       // IOPRIO_WHO_USER
inline constexpr std::uint32_t k_namespace_flags = 0x7e020000;  // CLONE_NEW… of clone(2)
inline constexpr std::uint32_t k_socket_families[] = {1, 2, 10, 16, 17};
inline constexpr std::uint32_t k_personalities[] = {0, 0x8, 0x20000, 0x20008, 0xffffffff};

}  // namespace coldframe
