#include "emulator/cgroup/dead_runs.hpp"

#include "emulator/cgroup/cgroup_run.hpp"
#include "emulator/cgroup/directory_cgroup.hpp"
#include "emulator/cgroup/run_name.hpp"

namespace coldframe {

DeadRuns sweep_dead_runs(const CgroupBackend& backend, const std::string& root,
                         CgroupFiles& files) {
  DeadRuns swept;
  for (const auto& hierarchy : backend.hierarchies) {
    for (const auto& name : groups_in(hierarchy.own_group)) {
      if (owner_of(name, root) != RunOwner::dead) continue;
      const std::string base = hierarchy.own_group + "/" + name;
      for (const auto& group : groups_in(base)) {
        // In the leaf are helpers of the run, which end by themselves.
        if (group != k_own_leaf) swept.killed.merge(kill_members(base + "/" + group));
      }
      ++(remove_base(files, base) ? swept.removed : swept.remaining);
    }
  }
  return swept;
}

}  // namespace coldframe
