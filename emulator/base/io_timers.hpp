// Timers on an Asio loop. The kernel timer is armed only when an earlier time comes in, and left
// armed when a timer is cancelled: an invoke that sets and cancels its timeout makes no system
// call. Owned by the composition root; I/O thread only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "emulator/base/clock.hpp"

namespace coldframe {

class IoTimers final : public Timers {
 public:
  IoTimers(boost::asio::io_context& io, const Clock& clock) : timer_(io), clock_(clock) {}
  // Stops the kernel timer, so that the loop can run out of work.
  void shut_down() {
    closed_ = true;
    timer_.cancel();
  }

 protected:
  void on_earliest_changed(TimePoint due) override {
    if (!closed_ && (!armed_ || due < *armed_)) arm(due);
  }

 private:
  void arm(TimePoint due) {
    armed_ = due;
    timer_.expires_at(std::chrono::time_point_cast<std::chrono::steady_clock::duration>(due));
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (error || closed_) return;
      armed_.reset();
      run_due(clock_.now());
      if (auto next = next_due(); next && !armed_ && !closed_) arm(*next);
    });
  }

  boost::asio::steady_timer timer_;
  const Clock& clock_;
  std::optional<TimePoint> armed_;
  bool closed_ = false;
};

}  // namespace coldframe
