#include "emulator/environment/work_look.hpp"

#include <algorithm>
#include <utility>

namespace coldframe {
namespace {

constexpr std::chrono::milliseconds k_pools_sleep{220};  // by then, with a margin
constexpr std::chrono::milliseconds k_certain{270};
// With 128 MB a thread that works has a CPU for 4 ms and waits for more than 50: it is seen to wait
// for one, but what it does shows only then.
constexpr std::chrono::milliseconds k_give_up{500};
constexpr std::chrono::milliseconds k_waited{5};  // less is the runtime's way to its next poll
constexpr std::chrono::microseconds k_work{500};  // of CPU time since the pools sleep
constexpr std::chrono::milliseconds k_longest_pause{10};

}  // namespace

Duration WorkLook::pause() {
  return std::exchange(pause_, std::min<Duration>(pause_ * 2, k_longest_pause));
}

// A thread that works waits for a file or a lock now and then, and has yet used much of the time.
bool WorkLook::rests(const Activity& activity, TimePoint now) {
  const auto before = std::exchange(cpu_at_last_look_, activity.cpu);
  const Duration passed = now - std::exchange(last_look_, now);
  if (activity.working) return false;
  return !before || activity.cpu - *before <= passed / 4;
}

std::optional<WorkSeen> WorkLook::see(const Activity& activity, TimePoint now) {
  const bool at_rest = rests(activity, now);
  const Duration passed = now - begun_;
  if (at_rest && !activity.more_processes) return WorkSeen{WorkLeft::none, passed >= k_waited};
  if (passed >= k_pools_sleep && !cpu_after_pools_) {
    cpu_after_pools_ = activity.cpu;
    return std::nullopt;  // on a busy host it may have been longer than until k_certain
  }
  if (passed < k_certain) return std::nullopt;
  if (!at_rest) {
    if (activity.cpu - *cpu_after_pools_ > k_work) return WorkSeen{WorkLeft::threads, true};
    if (passed < k_give_up) return std::nullopt;
  }
  return WorkSeen{activity.more_processes ? WorkLeft::processes : WorkLeft::none, true};
}

}  // namespace coldframe
