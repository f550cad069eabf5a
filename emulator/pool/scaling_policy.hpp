// Which environment serves an invoke: a pure decision over counts.
//
// Lambda gives an event to an idle environment, else starts another up to the limit, else throttles
// (429). One refinement for a local host: a caller that asks again the moment it has its answer
// meets an environment whose runtime is still on its way to /next. Such a request waits a little
// for it (k_drain_grace, k_reset_grace) instead of paying for a cold start that Lambda would not
// have made. And where no further environment may be started, one that is initializing ahead of any
// invoke (provisioned) takes the request.
#pragma once

#include <chrono>

namespace coldframe {

struct PoolCounts {
  int idle = 0;      // can take an event now
  int draining = 0;  // answered or being reset, about to become idle
  int promised = 0;  // draining ones that waiting requests and queued events already count on
  int total = 0;     // all environments alive
  int limit = 0;     // the most there may be
  int warming = 0;   // initializing ahead of any invoke
};

enum class Placement { reuse, await_draining, start, join_init, throttle };

constexpr Placement place(const PoolCounts& counts) {
  if (counts.limit <= 0) return Placement::throttle;
  if (counts.idle > 0) return Placement::reuse;
  if (counts.draining > counts.promised) return Placement::await_draining;
  if (counts.total < counts.limit) return Placement::start;
  if (counts.warming > 0) return Placement::join_init;
  return Placement::throttle;
}

inline constexpr std::chrono::milliseconds k_drain_grace{25};
// For one that is being reset: taking down a process takes 60 µs a MB and more on a busy host, and
// on Lambda the next invoke meets the same environment, with what it has kept in /tmp.
inline constexpr std::chrono::milliseconds k_reset_grace{250};
// Between two tries to open an environment for events, when descriptors or ports have run out.
inline constexpr std::chrono::milliseconds k_open_retry{500};
// Between an answer and what is prepared for the next cold start: the environment is frozen first,
// and invokes that follow at once have the CPU.
inline constexpr std::chrono::milliseconds k_rest_before_preparing{10};

}  // namespace coldframe
