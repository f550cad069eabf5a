// How a new process gets into its control groups: through the descriptors that Cgroup gives for it,
// each a "door" of one hierarchy.
//
//   const Born born = fork_into(doors, 0);
//   if (born.pid == 0) join_groups(doors, born.inside);      // system calls only
//
// Joining by cgroup.procs makes the kernel wait for a grace period of RCU, 5 ms and more for each
// hierarchy, while it holds a lock that everybody needs who makes, removes, freezes or thaws a
// group. So a door of version 1 is the file `tasks`, through which a process of one thread moves
// itself without that wait (Linux 5.6), and one of version 2 the group's directory, into which a
// process can be born (clone3, Linux 5.7). Measured on Linux 6.18: 0.03 and 0.2 ms.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace coldframe {

struct Born {
  pid_t pid = -1;       // 0: in the child; -1: errno tells
  bool inside = false;  // of the group whose door is a directory, the first such one
};

// fork(2) by clone3, with these flags of it; for a process of one thread, or whose child does no
// more than system calls.
Born fork_into(const std::vector<int>& doors, std::uint64_t flags);

// For a process of one thread; system calls only. `inside`: as fork_into() has told. 0, or errno.
int join_groups(const std::vector<int>& doors, bool inside);

}  // namespace coldframe
