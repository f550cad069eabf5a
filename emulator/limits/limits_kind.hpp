// The back-ends that can be asked for.
#pragma once

namespace coldframe {

enum class LimitsKind {
  automatic,  // the best that this host allows: cgroup, else signal, else none
  cgroup,     // the kernel's control groups
  signal,     // SIGSTOP, SIGCONT and a watch on memory: no privilege, coarser
  none,
};

}  // namespace coldframe
