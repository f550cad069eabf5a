// The newer mount system calls (Linux 5.12), which not every C library has names for. Each returns
// what the kernel returns: -1 and errno on failure. Any thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "emulator/base/unique_fd.hpp"

namespace coldframe::mounts {

// Whether this kernel has them all.
bool are_known();

inline constexpr std::uint64_t k_read_only = 0x1;
inline constexpr std::uint64_t k_no_suid = 0x2;
inline constexpr std::uint64_t k_no_dev = 0x4;
inline constexpr std::uint64_t k_no_exec = 0x8;

// A copy of the tree of mounts at `path`, attached nowhere; it goes with its descriptor.
UniqueFd clone_tree(const std::string& path);
// Nothing that is mounted from here on is seen outside of this mount namespace. Leaves a chroot:
// "/" is the namespace's own root then, which alone can be exchanged for all who enter it. Needs
// the namespace to be the caller's own, and a /proc.
int make_all_private();
// Sets attributes of the mount that `fd` is, or of all in its tree, and makes it private.
int set_attributes(int fd, std::uint64_t attributes, bool recursive);
// The same of the mount at `path`, which is the root of one.
int set_attributes(const std::string& path, std::uint64_t attributes);
// Attaches it; `to` exists. As a descriptor it may be O_PATH.
int attach(int fd, const std::string& to);
int attach(int fd, int to);

}  // namespace coldframe::mounts
