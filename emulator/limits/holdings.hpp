// What an environment holds on to once an invoke is over: what it keeps goes on to the next one.
//
//   HoldingsMeter meter;
//   if (const auto held = meter.look(process.pid(), *limits, clock.now())) … held->descriptors …
//
// Read from /proc, some 100 µs for a function with a few threads. Owned by its environment; I/O
// thread, no call waits for anybody.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "emulator/base/clock.hpp"
#include "emulator/limits/limits_backend.hpp"

namespace coldframe {

struct Holdings {
  std::optional<int> threads{};      // of the runtime's process, ≥ 1
  std::optional<int> descriptors{};  // open ones, of the runtime's process
  // Processes beside the runtime, also those that have ended and that nobody has waited for.
  int children = 0;
  // Of the runtime and its children, what they share in each of them.
  std::optional<std::int64_t> resident_bytes{};
};

// Each part that the kernel tells; nothing if `runtime` is gone.
std::optional<Holdings> read_holdings(pid_t runtime, const EnvironmentLimits& limits);

// Threads of all processes of the environment, as far as they can be told; nothing if all are gone.
// For a moment that is rare: some 10 µs a process.
std::optional<int> count_threads(const EnvironmentLimits& limits);

// The same as read_holdings() for at most 1 % of the time, so that an environment that answers all
// the time is looked at now and then. Credit of 10 ms is there from the beginning: the first
// invokes are all seen.
class HoldingsMeter {
 public:
  // Nothing: not now, or `runtime` is gone.
  std::optional<Holdings> look(pid_t runtime, const EnvironmentLimits& limits, TimePoint now);

 private:
  static constexpr Duration k_most_credit = std::chrono::milliseconds(10);
  Duration credit_ = k_most_credit;  // CPU time of ours; negative: a debt
  std::optional<TimePoint> last_;
};

}  // namespace coldframe
