// The first process of a sandbox: it makes the place its own, forks the seeds, collects whoever
// ends, and kills all but itself when told. It stays as long as the environment, over resets; when
// it goes, by its socket closing, by its parent's death or by SIGKILL, the kernel ends everybody
// inside and the mounts with them.
#pragma once

#include <string>
#include <vector>

#include "emulator/base/unique_fd.hpp"
#include "emulator/sandbox/runtime_seed.hpp"
#include "emulator/sandbox/shared_roots.hpp"

namespace coldframe {

struct InitPlan {
  std::vector<std::string> places;  // own_places() of what the root was built with
  SharedRoot root;                  // to begin with
  bool has_sys = false;             // and whether /sys is mounted there
  int control_socket = -1;
  int server_pipe = -1;  // its end when the server ends, whose death we may not be told of yet
  int network_fd = -1;   // of a namespace to be entered; -1: the host's
  int tmp_fd = -1;       // detached mount
  SeedPlan seed;
};

// In a process that is the first of its PID namespace. Never returns.
[[noreturn]] void run_sandbox_init(const InitPlan& plan);

}  // namespace coldframe
