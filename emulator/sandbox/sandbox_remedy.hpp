// What helps where no strict sandbox can be made, by what this host and this process are.
//
//   sandbox_remedy(read_sandbox_facts())
//     // "this distribution denies user namespaces: sudo sysctl -w kernel.apparmor_…=0"
//
// Containers come first: the settings that are seen in one are its host's. Any thread.
#pragma once

#include <string>

namespace coldframe {

struct SandboxFacts {
  std::string kernel_release{};     // "5.15.167.4-microsoft-standard-WSL2"
  bool is_old_kernel = false;       // before 5.12, which has the mount calls that it takes
  bool in_container = false;        // of docker or podman; others leave no mark
  bool is_root = false;             // in its own user namespace
  bool may_administrate = false;    // has CAP_SYS_ADMIN
  bool apparmor_denies = false;     // kernel.apparmor_restrict_unprivileged_userns = 1
  bool only_root_clones = false;    // kernel.unprivileged_userns_clone = 0
  bool no_user_namespaces = false;  // user.max_user_namespaces = 0
};

// Of this process; `root` is where /proc and the marks of containers are looked for.
SandboxFacts read_sandbox_facts(const std::string& root = "");

// Half a sentence, without a full stop; empty: nothing is known that would help beyond
// what was refused. Pure.
std::string sandbox_remedy(const SandboxFacts& facts);

}  // namespace coldframe
