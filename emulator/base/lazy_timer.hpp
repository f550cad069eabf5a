// A timer whose time is set over and over and seldom reached, as the timeout of every invoke is.
// While its new time is not earlier than the one already waiting in the set of timers, setting it
// touches nothing but two words; when that one comes, it goes on to the time that holds by then.
//
//   LazyTimer timeout(timers, [this] { on_timeout(); });
//   timeout.set(clock.now() + 3s);            // replaces an earlier time
//   timeout.clear();                          // on_timeout() will not be called
//
// The callback runs like that of any timer: on the I/O thread, in the order of its time. It must
// not destroy its timer.
#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "emulator/base/clock.hpp"

namespace coldframe {

class LazyTimer {
 public:
  LazyTimer(Timers& timers, std::function<void()> callback)
      : timers_(timers), callback_(std::move(callback)) {}
  ~LazyTimer() { timers_.cancel(armed_); }
  LazyTimer(const LazyTimer&) = delete;
  LazyTimer& operator=(const LazyTimer&) = delete;

  void set(TimePoint due) {
    due_ = due;
    if (armed_ && armed_.due <= due) return;
    timers_.cancel(armed_);
    arm(due);
  }
  void clear() { due_.reset(); }
  explicit operator bool() const { return due_.has_value(); }
  // Precondition: it is set.
  TimePoint due() const { return *due_; }

 private:
  void arm(TimePoint due) {
    armed_ = timers_.at(due, [this] { on_due(); });
  }
  void on_due() {
    const TimePoint now = std::exchange(armed_, {}).due;
    if (!due_) return;
    if (*due_ > now) return arm(*due_);
    due_.reset();
    callback_();
  }

  Timers& timers_;
  std::function<void()> callback_;
  std::optional<TimePoint> due_;
  TimerId armed_;
};

}  // namespace coldframe
