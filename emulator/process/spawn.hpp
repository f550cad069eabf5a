// Starts a child: the only code between fork and exec. The child gets its own session and process
// group, dies with us (PR_SET_PDEATHSIG), and inherits no descriptor but those named here.
//
// spawn() returns as soon as the child exists. What becomes of the exec is read from `exec_report`:
// a note that it is about to be tried, then the end of file if it worked. A note of a failure comes
// instead of either (the child then ends by itself with status 127 and must still be reaped). Call
// it on a thread that lives as long as the process: the death signal is tied to the calling thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "emulator/base/error.hpp"
#include "emulator/base/unique_fd.hpp"

namespace coldframe {

struct SpawnPlan {
  std::string executable;  // path; no search is made
  std::vector<std::string> argv;
  std::vector<std::string> environment;  // "NAME=value"
  std::string working_directory;
  int stdout_fd = -1;  // become 1 and 2; standard input is /dev/null
  int stderr_fd = -1;
  int log_fd = -1;  // becomes `log_fd_number`; -1: none
  int log_fd_number = 62;
  std::vector<int> join_fds{};  // of its control groups; see group_entry.hpp
  std::vector<int> cpus{};      // and runs on these alone; empty: on any
};

enum class ExecStage : int { about_to_exec = 0, set_up = 1, working_directory = 2, exec = 3 };
struct ExecNote {
  ExecStage stage;
  int error_number;             // 0: about to exec
  std::int64_t inherited_peak;  // bytes; see FinalMemory in usage.hpp
};

struct Spawned {
  pid_t pid = -1;
  UniqueFd pidfd;
  UniqueFd exec_report;  // non-blocking
};

// The parts of it that a child in a sandbox has too; system calls only.
void reset_signals();
// Standard streams, descriptors, directory, `last_step`, exec; never returns. What goes wrong is
// told on `report`, as in spawn().
[[noreturn]] void become_program(const SpawnPlan& plan, char* const* argv, char* const* envp,
                                 int report, void (*last_step)());
// For execve(); good as long as `texts`.
std::vector<char*> pointers(const std::vector<std::string>& texts);

// Errors (exit code 4): no process or descriptor left.
Result<Spawned> spawn(const SpawnPlan& plan);

}  // namespace coldframe
