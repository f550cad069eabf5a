// Builds what is the same in the file systems of all environments of a function, and moves the
// calling process into it.
//
// For a process that is alone in a mount namespace and has the capabilities for it. It ends in a
// read-only root with nothing of the host's but what the plan names: without a /proc, and with an
// empty /tmp and /sys, which each sandbox has for itself (own_mounts.hpp).
//
//   if (auto ok = enter_root(plan, files, in_user_namespace, owner_map); !ok) …
//
// Errors name the step; the process is then somewhere between the two and should end.
#pragma once

#include <vector>

#include "emulator/base/error.hpp"
#include "emulator/sandbox/generated_files.hpp"
#include "emulator/sandbox/sandbox_plan.hpp"

namespace coldframe {

// `owner_map`: see OwnerMaps; -1: none. In a user namespace /sys is the host's, read-only.
Result<void> enter_root(const SandboxPlan& plan, const std::vector<GeneratedFile>& files,
                        bool in_user_namespace, int owner_map = -1);

}  // namespace coldframe
