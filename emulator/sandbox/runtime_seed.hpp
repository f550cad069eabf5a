// The process that becomes a runtime. It is forked by the init of a sandbox ahead of need, joins
// the control groups while their CPU is still unlimited, gives up every privilege, and waits to be
// told what to run.
#pragma once

#include <string>
#include <vector>

#include "emulator/base/unique_fd.hpp"

namespace coldframe {

struct SeedPlan {
  int start_socket = -1;
  std::vector<int> join_fds;  // of the environment's groups, opened by the emulator
  bool inside = false;        // it was born in one of them (group_entry.hpp)
  bool in_user_namespace = false;
  bool trace_denied = false;  // it sends its listener along when it is ready (deny_trace.hpp)
  // Of the first one, which is forked before its init has mounted all that is to be there: a byte
  // comes when it has. -1: it has.
  int furnished = -1;
};

// In the new process, which does nothing else. Never returns: it execs, or ends with status 127
// after it has told why.
[[noreturn]] void run_seed(const SeedPlan& plan);

}  // namespace coldframe
