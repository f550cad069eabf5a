// Ends what runs that are dead have left in their control groups, and removes the groups.
//
//   const CgroupBackend backend = detect_cgroups();
//   const DeadRuns swept = sweep_dead_runs(backend);    // before CgroupRun::start(), which moves
//   us if (swept.remaining > 0) …                          // ask again in a moment
//
// A run is dead if the process in its group's name is gone. Runs of other PID namespaces, and
// groups of any other name, are left alone. Any thread, but one sweep at a time.
#pragma once

#include <sys/types.h>

#include <set>

#include "emulator/cgroup/cgroup_backend.hpp"

namespace coldframe {

struct DeadRuns {
  int removed = 0;         // base groups, one a hierarchy
  int remaining = 0;       // those in which somebody still is
  std::set<pid_t> killed;  // processes that were signalled
};
DeadRuns sweep_dead_runs(const CgroupBackend& backend, const std::string& root = "",
                         CgroupFiles& files = kernel_files());

}  // namespace coldframe
