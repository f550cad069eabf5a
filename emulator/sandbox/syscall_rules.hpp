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

// What the rules `clone`, `socket` and `personality` look at: the first argument's low 32 bits, as
// the kernel does.
inline constexpr std::uint32_t k_namespace_flags = 0x7e020000;  // CLONE_NEW… of clone(2)
inline constexpr std::uint32_t k_socket_families[] = {1, 2, 10, 16, 17};
inline constexpr std::uint32_t k_personalities[] = {0, 0x8, 0x20000, 0x20008, 0xffffffff};

}  // namespace coldframe
