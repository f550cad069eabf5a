// What holds an environment to its CPU share and memory, and what measures it. "None" is a back-end
// like any other: nothing is held, what the kernel tells of a process is still measured.
//
//   auto limits = backend.create(environment_id, config, events);
//   limits->open().value();                        // its groups; error: exit code 4
//   limits->on_start(false);                       // then the process, with join_descriptors()
//   limits->on_process(pid);  …  limits->on_init_complete();  …  limits->on_dispatch();  …
//   limits->on_end(memory);  limits->end_others([&] { … limits->close([] { … }); });
//
// A "generation" is one life of the runtime; an environment that is reset has another. I/O thread
// only; no call blocks.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/base/clock.hpp"
#include "emulator/base/error.hpp"
#include "emulator/model/function_config.hpp"
#include "emulator/process/usage.hpp"

namespace coldframe {

struct CpuTime {
  Duration used{};
  std::optional<Duration> throttled{};  // time it was kept from running; nobody knows: empty
};

class LimitsEvents {
 public:
  virtual ~LimitsEvents() = default;
  // A process of this generation has been killed because there was no memory left: the generation
  // is over, whoever of it still lives. Once a generation, never from inside a call.
  virtual void on_out_of_memory() = 0;
  // Its memory was looked at while it works, some 20 times a second: a time for other looks.
  virtual void on_look() {}
};

class EnvironmentLimits {
 public:
  virtual ~EnvironmentLimits() = default;

  virtual Result<void> open() { return {}; }
  // The same where nobody waits for it: the loop goes on meanwhile. `done` is called once, perhaps
  // before it returns; not after close() or destruction.
  virtual void open_ahead(std::function<void(Result<void>)> done) { done(open()); }
  // What the runtime joins before its exec (group_entry.hpp), …
  virtual std::vector<int> join_descriptors() const { return {}; }
  // … and keeps to these CPUs. Empty: to none in particular.
  virtual std::vector<int> cpus() const { return {}; }

  // A process is about to be started. `in_invoke`: its init belongs to an invoke and has no boost,
  // so the CPU quota holds from here.
  virtual void on_start(bool /*in_invoke*/) {}
  virtual void on_process(pid_t pid) = 0;     // a new generation; 0: none
  virtual void on_end(const FinalMemory&) {}  // of that process; once or twice
  virtual void on_init_complete() {}          // the CPU quota begins here, once
  virtual void on_dispatch() {}               // before the event
  virtual void on_idle() {}                   // after the answer

  // Stops all processes until thaw(). False: the back-end cannot, their group must be signalled.
  virtual bool freeze() { return false; }
  virtual void thaw() {}  // without effect if nothing is frozen
  // Who is in it now, as far as it can be told; the runtime too. Some 50 µs.
  virtual std::vector<pid_t> processes() const = 0;

  // Looks at the memory in use; cheap when called often. `forced`: now, whatever it costs.
  virtual void sample(TimePoint now, bool forced) = 0;
  virtual std::optional<CpuTime> cpu() const = 0;              // of this generation so far
  virtual std::optional<std::int64_t> peak_bytes() const = 0;  // over the environment's life
  // The kernel, or who stands in for it, has killed for lack of memory in this generation.
  virtual bool out_of_memory() { return false; }

  // Kills whoever of the generation is left, wherever it hides, and thaws what others will join.
  // `done` is called once, when nobody is, or after 2 s; perhaps before the call returns.
  virtual void end_others(std::function<void()> done) { done(); }
  // Kills whoever is left, and removes what open() made, or is about to make. `done` as above;
  // nothing else is called then.
  virtual void close(std::function<void()> done) { done(); }
};

class LimitsBackend {
 public:
  virtual ~LimitsBackend() = default;
  virtual std::string_view name() const = 0;  // "none", "cgroup v2"; stands in every result
  // `events` outlives what is returned.
  virtual std::unique_ptr<EnvironmentLimits> create(const std::string& environment_id,
                                                    const FunctionConfig& config,
                                                    LimitsEvents& events) = 0;
};

}  // namespace coldframe
