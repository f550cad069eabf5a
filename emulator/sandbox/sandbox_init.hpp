// The first process of a sandbox: it makes the place, forks the seeds, collects whoever ends, and
// kills all but itself when told. It stays as long as the environment, over resets; when it goes,
// by its socket closing, by its parent's death or by SIGKILL, the kernel ends everybody inside and
// the mounts with them.
#pragma once

#include <vector>

#include "emulator/base/unique_fd.hpp"
#include "emulator/sandbox/generated_files.hpp"
#include "emulator/sandbox/runtime_seed.hpp"
#include "emulator/sandbox/sandbox_plan.hpp"

namespace coldframe {

struct InitPlan {
  SandboxPlan sandbox;
  std::vector<GeneratedFile> files;
  int control_socket = -1;
  int network_fd = -1;  // of a namespace to be entered; -1: the host's
  int tmp_fd = -1;      // detached mount
  int owner_map = -1;   // that shows the code as root's; -1: as whose it is
  SeedPlan seed;
};

// In a process that is the first of its PID namespace and alone in its mount namespace. Never
// returns.
[[noreturn]] void run_sandbox_init(const InitPlan& plan);

}  // namespace coldframe
