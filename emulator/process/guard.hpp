// The guard: a small process that outlives us. It waits for our end; if that end was not an orderly
// one (SIGKILL, a crash), it kills every process that the registry still lists.
//
// Start it before any thread. Its own session keeps a signal to our process group from it.
// Destroying Guard is the orderly end: the guard leaves and is reaped.
#pragma once

#include <sys/types.h>

#include "emulator/base/unique_fd.hpp"
#include "emulator/process/run_registry.hpp"

namespace coldframe {

class Guard {
 public:
  explicit Guard(RunRegistry& registry);
  ~Guard();
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  // The orderly end, ahead of the destructor.
  void dismiss();
  // If it has ended before its time: collects it, and returns true.
  bool collect();
  pid_t pid() const { return pid_; }  // -1: none could be started

 private:
  pid_t pid_ = -1;
  UniqueFd life_line_;  // its other end tells the guard when we are gone
};

}  // namespace coldframe
