// What the kernel knows about processes and descriptors, for tests that prove that nothing is left.
#pragma once

#include <sys/types.h>

#include <string_view>
#include <vector>

namespace coldframe::testing {

// Running or sleeping; a zombie is dead.
bool is_alive(pid_t pid);
// Our living children by fork, the guard process included.
std::vector<pid_t> living_children();
// Living processes with this text in their environment, whoever's children they are.
std::vector<pid_t> processes_with(std::string_view text_in_environment);
// Living descendants of ours whose program has this name (its first 15 characters).
std::vector<pid_t> descendants_named(std::string_view name);
// Of this process.
int open_descriptors();
// Raises the soft limit to `wanted` or to what is allowed; returns what holds now.
int raise_descriptor_limit(int wanted);

}  // namespace coldframe::testing
