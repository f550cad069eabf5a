// The library's front door and only composition root: it picks the back-ends, wires the rooms and
// owns the loop. The program and C++ tests use the same class:
//
//   auto emulator = Emulator::create({}).value();
//   emulator->add(config).value();
//   InvokeResult answer = emulator->invoke_and_wait({.function = "f", .payload =
//   make_payload("{}")}); emulator->stop();
//
// One thread: the one that calls invoke_and_wait(), observe(), run() or stop(); these run the loop.
// Destruction stops everything that is still running. create() forks the guard process, so call it
// before starting threads; with control groups this process is in one of its own from then on, and
// only one emulator of a process can have them.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "emulator/base/clock.hpp"
#include "emulator/base/error.hpp"
#include "emulator/base/fd_writer.hpp"
#include "emulator/limits/limits_kind.hpp"
#include "emulator/model/function_config.hpp"
#include "emulator/model/function_under_test.hpp"
#include "emulator/model/invoke.hpp"
#include "emulator/model/record.hpp"
#include "emulator/model/work_left.hpp"
#include "emulator/process/runtime_process.hpp"
#include "emulator/sandbox/network_mode.hpp"

namespace coldframe {

// `automatic`: strict where the host allows it.
enum class SandboxChoice { automatic, strict, none };

struct EmulatorOptions {
  int concurrency = limits::k_default_concurrency;  // environments of a function at once, ≥ 1
  int provisioned = 0;                              // started by serve(), ahead of any invoke
  std::optional<Duration> idle_timeout{};  // virtual; nothing: as on AWS; max(): never ends
  double time_scale = 1;                   // virtual seconds per real second, > 0
  std::uint64_t seed = 0;                  // for idle expiry
  std::size_t queued_events = limits::k_queued_events;  // Event invokes that wait, of a function
  LimitsKind limits = LimitsKind::none;                 // of CPU and memory
  double cpu_scale = 1;  // speed of a core here divided by that of one of Lambda's, 0.1 … 10
  bool freeze = false;   // environments are stopped between invokes
  bool prepare_ahead = false;  // as prepare() does, after each cold start
  TextSink* log = nullptr;     // platform and function lines; null: stderr
  SandboxChoice sandbox = SandboxChoice::none;
  // none, open: a strict sandbox is needed. Nothing: in one open where possible; else the host's.
  std::optional<NetworkMode> network{};
  bool trace_denied = false;  // watch for denied calls that are hidden; needs a strict sandbox
  // For a program that is process 1 and has no children but ours: collects those whose parents
  // died.
  bool collect_orphans = false;
  // For tests: replace the host's clock, timers or processes. Not owned.
  Clock* clock = nullptr;
  Timers* timers = nullptr;
  ProcessLauncher* launcher = nullptr;
  std::string state_directory{};  // of the run registry; empty: the default
  std::string cache_directory{};  // exists, on a disk; empty: the user's
};

class Emulator {
 public:
  // Errors: exit code 4; 77 if the host cannot limit as asked (never with `automatic`), or has no
  // strict sandbox, or no way out of an open network, where that was asked for; 2, what needs a
  // strict sandbox where none was asked for. Sweeps what runs that were killed have left behind.
  static Result<std::unique_ptr<Emulator>> create(EmulatorOptions options);
  ~Emulator();
  Emulator(const Emulator&) = delete;
  Emulator& operator=(const Emulator&) = delete;

  // Errors: exit code 2 (a second function of the same name).
  Result<void> add(FunctionConfig config);
  // Facts about every init and invoke, from now on. Not owned; outlives the emulator's last call.
  void add_record_sink(RecordSink& sink);

  // Opens the Invoke API; port 0 picks one. Returns the port. Errors: exit code 2 (host is
  // no IP address), 4.
  Result<std::uint16_t> serve(const std::string& host, std::uint16_t port);
  // `done` is called once, on the thread that runs the loop; it must not call stop().
  void invoke(InvokeRequest request, InvokeDone done);

  // Runs the loop until the answer is there. Refusal::stopping if a signal came first.
  InvokeResult invoke_and_wait(InvokeRequest request);
  // The same, and on until the runtime has asked for its next event, so that the record is
  // complete. Error: interrupted by a signal (exit code 128 + n).
  Result<Observation> observe(InvokeRequest request);
  // Right after an answer: whether the function, of one environment, goes on working, for a caller
  // who invokes again or ends before it would be frozen and that be told. At once if nothing of it
  // runs, else after 0.3 s (0.5 s where it hardly has a CPU); until then it is not frozen. None,
  // too, if a signal came or its process has ended.
  WorkSeen look_for_work(const std::string& function);
  // Ends every environment of the function; the next invoke meets a cold start.
  Result<void> recycle(const std::string& function);
  // Has all of the next cold start's environment made but its runtime, where that takes time, and
  // waits for it. What goes wrong is told by that cold start.
  Result<void> prepare(const std::string& function);
  // For a function of this name whose files have changed: from now on its invokes meet fresh
  // environments with this configuration; what runs by now ends in the old ones. Does not wait.
  void renew(FunctionConfig config);
  // Invokes of the function wait while `changing` says yes, which each of them asks, and then until
  // resume(), which whoever sets this owes them. Those that wait at stop() get Refusal::stopping.
  void hold_while(const std::string& function, std::function<bool()> changing);
  void resume(const std::string& function);

  // SIGINT, SIGTERM and SIGHUP end the waiting calls; a second one ends the program at once.
  void watch_signals();
  // Ends the waiting calls as a signal would.
  void interrupt(int signal_number);
  int interrupted_by() const;  // 0: nothing
  // Sends the log lines that wait, as far as stderr takes them now.
  void flush_log();
  // A whole line on stderr, '\n' included, among the log lines; never blocks.
  void log(std::string_view line);
  // Runs the loop until interrupted.
  void run();
  // Runs the loop until `done()`, or until interrupted (false).
  bool run_until(const std::function<bool()>& done);
  // Kills every process, waits for their end and closes the ports. Nothing is left after it.
  void stop();

  // Writes to a descriptor from this loop; flushed by it. Outlives the emulator's last call.
  std::unique_ptr<FdWriter> make_writer(int fd);
  boost::asio::io_context& io();
  // Where this run writes down what it has started; empty: in no named file.
  const std::string& state_file() const;
  // Names of the back-ends in force, for results: "none", "signal", "cgroup v1", "cgroup v2",
  // "cgroup hybrid".
  std::string limits_name() const;
  // Why `automatic` has taken nothing better, and what helps; empty if it has the best.
  std::string limits_why() const;
  double cpu_scale() const;
  std::string sandbox_name() const;
  // Why it is not strict, if that was left to us, or what it lacks; empty otherwise.
  const std::string& sandbox_note() const;
  // What environments have of a network, as `--network` calls it: "open", "none", "host".
  std::string network_name() const;
  // What it goes out through, or why it is the host's if that was left to us; empty otherwise.
  std::string network_note() const;
  // Whether environments are stopped between invokes.
  bool freezes() const;
  // Where the functions' /tmp is: "disk", "memory", or the "host"'s own. It is known once an
  // environment was made, and before that what is to be expected.
  std::string tmp_name() const;
  // Whether what a function keeps in /tmp takes of its memory size, as it does not on Lambda.
  bool counts_tmp_as_memory() const;
  bool traces_denied() const;
  // Whether a function has tried to reach somebody in a network that leads nowhere; closing_notes()
  // name them.
  bool was_cut_off() const;
  // Sentences about what strict sandboxes have seen, for the end (sandbox_findings.hpp).
  // `ended_well`: no invoke has failed. `advised`: functions of whose missing route was told
  // before.
  std::vector<std::string> closing_notes(bool ended_well,
                                         const std::set<std::string>& advised = {}) const;
  // Hears at once what the sandbox itself cannot do; closing_notes() leaves it out then.
  void on_sandbox_note(std::function<void(const std::string&)> listener);
  // What every environment is doing, as JSON, for a person who wonders.
  std::string state_json() const;

 private:
  struct House;
  explicit Emulator(std::unique_ptr<House> house);
  std::unique_ptr<House> house_;
};

}  // namespace coldframe
