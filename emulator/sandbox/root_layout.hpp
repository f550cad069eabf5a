// Builds what is the same in the file systems of all environments of a function, and moves the
// calling process into it.
//
// For a process that is alone in a mount namespace and has the capabilities for it. It ends in a
// read-only root with nothing of the host's but what the plan names. /tmp, /proc and /sys each
// sandbox mounts for itself (own_mounts.hpp).
//
//   if (auto ok = enter_root(plan, files, rights); !ok) …
//
// Errors name the step; the process is then somewhere between the two and should end.
#pragma once

#include <vector>

#include "emulator/base/error.hpp"
#include "emulator/sandbox/generated_files.hpp"
#include "emulator/sandbox/sandbox_plan.hpp"

namespace coldframe {

// What the caller may do.
struct RootRights {
  bool in_user_namespace = false;  // of its own, in which one user owns all: nothing is closed
  bool of_the_host = true;         // those of the first user namespace
  int owner_map = -1;              // see OwnerMaps; -1: none
};

Result<void> enter_root(const SandboxPlan& plan, const std::vector<GeneratedFile>& files,
                        const RootRights& rights);

// Whether we are in the first user namespace, whose root may mount whatever it likes.
bool is_first_user_namespace();

}  // namespace coldframe
