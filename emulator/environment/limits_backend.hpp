// What holds an environment to its CPU share and memory, and what measures it. "None" is a back-end
// like any other: nothing is held, what the kernel tells of a process is still measured.
//
//   auto limits = backend.create(environment_id, config);
//   limits->on_process(pid);  …  limits->on_init_complete();  …  limits->sample(clock.now());
//
// I/O thread only; no call blocks.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "emulator/base/clock.hpp"
#include "emulator/model/function_config.hpp"
#include "emulator/process/usage.hpp"

namespace coldframe {

class EnvironmentLimits {
 public:
  virtual ~EnvironmentLimits() = default;
  virtual void on_process(pid_t pid) = 0;     // a new generation; 0: none
  virtual void on_end(const FinalMemory&) {}  // of that process; once or twice
  virtual void on_init_complete() {}          // the CPU quota begins here, once
  virtual void on_idle() {}                   // after the reply: a place to freeze
  virtual void on_dispatch() {}               // before the event: a place to thaw
  // Looks at the memory in use; cheap when called often. `forced`: now, whatever it costs.
  virtual void sample(TimePoint now, bool forced) = 0;
  virtual std::optional<Duration> cpu() const = 0;             // of this generation so far
  virtual std::optional<std::int64_t> peak_bytes() const = 0;  // over the environment's life
  virtual bool out_of_memory() const { return false; }         // the kernel said so
};

class LimitsBackend {
 public:
  virtual ~LimitsBackend() = default;
  virtual std::string_view name() const = 0;  // "none"; stands in every result
  virtual std::unique_ptr<EnvironmentLimits> create(const std::string& environment_id,
                                                    const FunctionConfig& config) = 0;
};

class NoLimits final : public LimitsBackend {
 public:
  std::string_view name() const override { return "none"; }
  std::unique_ptr<EnvironmentLimits> create(const std::string&, const FunctionConfig&) override;
};

}  // namespace coldframe
