// Time that moves only when a test says so.
//
//   FakeClock clock;
//   options.clock = &clock;
//   options.timers = &clock;
//   clock.advance(3s);        // every timer due on the way fires, each at its own time
//
// Owned by the test; the loop's thread only.
#pragma once

#include <algorithm>

#include "emulator/base/clock.hpp"

namespace coldframe::testing {

class FakeClock final : public Clock, public Timers {
 public:
  // Starts at an arbitrary steady time and at 2026-11-24T05:53:14.123Z on the wall.
  TimePoint now() const override { return TimePoint(elapsed_ + std::chrono::hours(1)); }
  WallTime wall_now() const override { return k_epoch + elapsed_; }

  void advance(Duration by) {
    const TimePoint end = now() + by;
    while (const auto due = next_due()) {
      if (*due > end) break;
      elapsed_ += std::max(Duration::zero(), *due - now());
      run_due(now());
    }
    elapsed_ += end - now();
  }

  // Time passes while the loop is away: timers that have come due fire with the next advance().
  void pass(Duration by) { elapsed_ += by; }

  static constexpr WallTime k_epoch{std::chrono::milliseconds(1795499594123)};

 private:
  Duration elapsed_{};
};

}  // namespace coldframe::testing
