// Everything that a runtime may have started: its process group, its session, and any process that
// still carries the environment's marker (the log stream's 32 hex digits) in its environment.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace coldframe {

struct KillScope {
  pid_t leader = 0;    // process group and session; 0: find by marker alone
  std::string marker;  // at least 16 characters, or nothing is matched by it
};

struct KillReport {
  int ended = 0;  // different processes that were signalled
  int alive = 0;  // still there at the end; 0: all gone
};

// Sends SIGKILL to every living process in the scopes, again until none is left or `patience` is
// over. Blocking: not for the I/O thread. Processes that we may not signal are not counted.
KillReport kill_scopes(const std::vector<KillScope>& scopes, std::chrono::milliseconds patience);

}  // namespace coldframe
