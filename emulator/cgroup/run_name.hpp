// The name of the group under which all groups of one run lie, and whose run it is or was:
//
//   own_run_name()                 // "coldframe-4242-1234567-4026531836"
//
// The process, its start in clock ticks since boot (a number is given out again, but not with the
// same start), and the PID namespace in which the number holds.
#pragma once

#include <string>

namespace coldframe {

// Empty if /proc does not tell. `root` is put before /proc, for tests.
std::string own_run_name(const std::string& root = "");

enum class RunOwner {
  none,       // not the name of a run
  alive,      // also ourselves
  dead,       // gone, or a zombie, or another process by now
  elsewhere,  // of another PID namespace: nobody here knows
};
RunOwner owner_of(const std::string& name, const std::string& root = "");

}  // namespace coldframe
