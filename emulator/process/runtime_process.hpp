// The process of a runtime and everything it starts, as an execution environment sees it.
//
//   auto process = launcher.launch(spec, events);   // never blocks; a failure comes as an event
//   process->kill([this] { on_gone(); });           // the whole group, grandchildren too
//
// HostLauncher starts real children; FakeLauncher (tests/support) has verbs: exit(), signal(),
// print(). Events come on the I/O thread, in the order output, exit. Destroying a RuntimeProcess
// kills what is left of it without waiting.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "emulator/process/exit_status.hpp"
#include "emulator/process/log_frames.hpp"
#include "emulator/process/usage.hpp"

namespace coldframe {

struct ProcessSpec {
  std::vector<std::string> argv;         // argv[0] is the path or the bare name to be found
  std::string executable;                // resolved path
  std::vector<std::string> environment;  // "NAME=value"; the whole of it
  std::string working_directory;
  std::string marker;  // a text in the environment that is this environment's own
  // Before its exec the process writes "0" into each of these, which makes it a member of a control
  // group. They stay open until it is launched.
  std::vector<int> join_fds{};
  std::vector<int> cpus{};  // it runs on these alone; empty: on any
};

// Why there is no process. `stage` decides between Runtime.InvalidEntrypoint and InvalidWorkingDir.
struct LaunchFailure {
  enum class Stage { entry_point, working_directory, host };
  Stage stage = Stage::entry_point;
  std::string reason;  // "fork/exec /x/bootstrap: no such file or directory"
};

class ProcessEvents {
 public:
  virtual ~ProcessEvents() = default;
  virtual void on_log(const LogEvent& event) = 0;
  virtual void on_launch_failed(const LaunchFailure& failure) = 0;
  virtual void on_exit(const ExitStatus& status) = 0;  // the runtime itself; called once
  // Instead: it ended with what it lived in, by no fault of its own. `why`: of this host.
  virtual void on_lost(const std::string& why) = 0;
};

class RuntimeProcess {
 public:
  virtual ~RuntimeProcess() = default;
  virtual pid_t pid() const = 0;
  // Reads, without waiting, what the process has written so far.
  virtual void drain_output() = 0;
  // The same, at no cost in the usual case: output that came before a request on the Runtime API
  // has been read before that request (readiness is reported in order), unless a bite was cut
  // short.
  virtual void drain_leftover() { drain_output(); }
  // Ends the lines that it has begun, so that what follows is no part of them. Costs nothing if
  // there is none.
  virtual void end_lines() {}
  // Stops its process group by SIGSTOP, and lets it go on. Who has left the group runs on.
  virtual void suspend() {}
  virtual void resume() {}
  // Sends it to the process group, if the process itself has not ended. Its end is told as any.
  virtual void signal(int /*number*/) {}
  // SIGKILL to the process group at once, then to whatever else carries the marker. `gone` is
  // called once, when no process of it is left; on_exit() is not called any more.
  virtual void kill(std::function<void()> gone) = 0;
  // Of the runtime itself, once it has ended: from on_exit() or `gone` on. Nothing if nobody knows.
  virtual std::optional<FinalMemory> final_memory() const { return std::nullopt; }
};

class ProcessLauncher {
 public:
  virtual ~ProcessLauncher() = default;
  virtual std::unique_ptr<RuntimeProcess> launch(ProcessSpec spec, ProcessEvents& events) = 0;
};

}  // namespace coldframe
