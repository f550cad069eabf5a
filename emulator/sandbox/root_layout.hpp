// Builds the file system that a function sees, and moves the calling process into it.
//
// For a process that is alone in new mount and PID namespaces (the first of the latter, as /proc
// shows it) and has the capabilities for it; in its network namespace by then, as /sys shows that.
// It ends in a read-only root with nothing of the host's but what the plan names.
//
//   if (auto ok = enter_root(plan, files, tmp_fd, in_user_namespace); !ok) …
//   if (auto ok = leave_host_root(); !ok) …       // before anything else runs in it
//
// Errors name the step; the process is then somewhere between the two and should end.
#pragma once

#include <vector>

#include "emulator/base/error.hpp"
#include "emulator/sandbox/generated_files.hpp"
#include "emulator/sandbox/sandbox_plan.hpp"

namespace coldframe {

// `tmp_fd`: a detached mount that becomes /tmp. `owner_map`: see OwnerMaps; -1: none. The working
// directory is the new root afterwards.
Result<void> enter_root(const SandboxPlan& plan, const std::vector<GeneratedFile>& files,
                        int tmp_fd, bool in_user_namespace, int owner_map = -1);

// Takes away the host's root, which enter_root() has left upon the new one. The kernel lets us wait
// for it.
Result<void> leave_host_root();

}  // namespace coldframe
