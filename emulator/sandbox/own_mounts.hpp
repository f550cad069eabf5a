// What each sandbox mounts for itself in a root that it shares with others of its function: /tmp,
// and the views of its own namespaces, /proc and /sys.
//
// For a process that is alone in a mount namespace, whose root enter_root() has built, that is the
// first of its PID namespace (as /proc shows it), and that is in its network namespace (as /sys
// shows that).
//
//   if (auto ok = mount_own(own_places(plan, files), tmp_fd, has_sys); !ok) …
//
// Errors name the step; the process should end then.
#pragma once

#include <string>
#include <vector>

#include "emulator/base/error.hpp"
#include "emulator/sandbox/generated_files.hpp"
#include "emulator/sandbox/sandbox_plan.hpp"

namespace coldframe {

// What a sandbox puts in its place by itself: what covers a file of the kernel's, and what lies
// below /tmp. Paths inside; enter_root() leaves the one with index i at stored_place(i), below the
// /tmp that is hidden later.
std::vector<std::string> own_places(const SandboxPlan& plan,
                                    const std::vector<GeneratedFile>& files);
std::string stored_place(std::size_t index);

// `places`: own_places() of what enter_root() was given. `tmp_fd`: a detached mount. `has_sys`:
// enter_root() has left that of the host, which stays where a fresh one may not be mounted. The
// working directory is the root.
Result<void> mount_own(const std::vector<std::string>& places, int tmp_fd, bool has_sys);

}  // namespace coldframe
