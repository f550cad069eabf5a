// Time as the emulator sees it: one steady clock for everything measured, one wall clock for
// records and the Deadline-Ms header, and one set of timers driven by whoever owns the loop.
//
//   auto id = timers.at(clock.now() + 3s, [this] { on_timeout(); });
//   timers.cancel(id);                        // cheap; also after it fired
//
// Timers are called on the I/O thread, in order of their time, never from inside at() or cancel().
// SystemClock and IoTimers serve the program; FakeClock (tests/support) moves by advance(3s).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>

namespace coldframe {

using Duration = std::chrono::nanoseconds;
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

inline double to_ms(Duration d) { return static_cast<double>(d.count()) / 1e6; }

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;
  virtual WallTime wall_now() const = 0;
};

class SystemClock final : public Clock {
 public:
  TimePoint now() const override { return std::chrono::steady_clock::now(); }
  WallTime wall_now() const override { return std::chrono::system_clock::now(); }
};

struct TimerId {
  TimePoint due{};
  std::uint64_t serial = 0;  // 0: no timer
  explicit operator bool() const { return serial != 0; }
  auto operator<=>(const TimerId&) const = default;
};

// An ordered set of callbacks. The owner of the loop calls run_due() and sleeps until next_due().
class Timers {
 public:
  virtual ~Timers() = default;

  TimerId at(TimePoint due, std::function<void()> callback) {
    TimerId id{due, ++serial_};
    waiting_.emplace(id, std::move(callback));
    if (waiting_.begin()->first == id) on_earliest_changed(due);
    return id;
  }
  // Forgets the timer and clears the id; no effect on an empty or a fired one.
  void cancel(TimerId& id) {
    if (id) waiting_.erase(id);
    id = {};
  }
  std::optional<TimePoint> next_due() const {
    if (waiting_.empty()) return std::nullopt;
    return waiting_.begin()->first.due;
  }
  // Runs every callback due at `now`, also those that a callback adds with a time already past.
  void run_due(TimePoint now) {
    while (!waiting_.empty() && waiting_.begin()->first.due <= now) {
      auto node = waiting_.extract(waiting_.begin());
      node.mapped()();
    }
  }

 protected:
  virtual void on_earliest_changed(TimePoint) {}

 private:
  std::map<TimerId, std::function<void()>> waiting_;
  std::uint64_t serial_ = 0;
};

}  // namespace coldframe
