// What a subscriber has yet to be sent: gathered until there is enough of it or it is old enough,
// and never more than four deliveries of it. What finds no room is counted and told of.
//
//   buffer.push(event, now);
//   if (buffer.is_due(now)) send(buffer.take());        // whole events, oldest first
//   buffer.due_at()                                     // when it will be, if nothing is added
//
// Pure: time is given. Not bound to a thread.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "emulator/base/clock.hpp"
#include "emulator/telemetry/telemetry_subscription.hpp"

namespace coldframe {

struct TelemetryDropped {
  std::size_t records = 0;
  std::size_t bytes = 0;
};

class TelemetryBuffer {
 public:
  explicit TelemetryBuffer(const TelemetrySubscription& subscription)
      : max_items_(subscription.max_items),
        max_bytes_(subscription.max_bytes),
        timeout_(subscription.timeout) {}

  // `event`: JSON, without a line end.
  void push(std::string event, TimePoint now);
  bool empty() const { return events_.empty(); }
  bool is_due(TimePoint now) const;
  std::optional<TimePoint> due_at() const;  // nothing: it is empty
  // One delivery: at most as many and as much as was subscribed to, but one event at least.
  std::vector<std::string> take();
  // Since it was asked last.
  TelemetryDropped take_dropped();
  bool has_dropped() const { return dropped_.records > 0; }

 private:
  struct Kept {
    std::string event;
    TimePoint since;
  };
  static constexpr std::size_t k_deliveries = 4;

  std::size_t max_items_;
  std::size_t max_bytes_;
  Duration timeout_;
  std::deque<Kept> events_;
  std::size_t bytes_ = 0;
  TelemetryDropped dropped_;
};

}  // namespace coldframe
