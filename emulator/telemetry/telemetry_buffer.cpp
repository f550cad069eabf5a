#include "emulator/telemetry/telemetry_buffer.hpp"

#include <utility>

namespace coldframe {

void TelemetryBuffer::push(std::string event, TimePoint now) {
  if (events_.size() >= k_deliveries * max_items_ ||
      bytes_ + event.size() > k_deliveries * max_bytes_) {
    ++dropped_.records;
    dropped_.bytes += event.size();
    return;
  }
  bytes_ += event.size();
  events_.push_back({std::move(event), now});
}

bool TelemetryBuffer::is_due(TimePoint now) const {
  if (events_.empty()) return false;
  return events_.size() >= max_items_ || bytes_ >= max_bytes_ ||
         now >= events_.front().since + timeout_;
}

std::optional<TimePoint> TelemetryBuffer::due_at() const {
  if (events_.empty()) return std::nullopt;
  return events_.front().since + timeout_;
}

std::vector<std::string> TelemetryBuffer::take() {
  std::vector<std::string> taken;
  std::size_t bytes = 0;
  while (!events_.empty() && taken.size() < max_items_) {
    const std::size_t size = events_.front().event.size();
    if (!taken.empty() && bytes + size > max_bytes_) break;
    bytes += size;
    taken.push_back(std::move(events_.front().event));
    events_.pop_front();
  }
  bytes_ -= bytes;
  return taken;
}

TelemetryDropped TelemetryBuffer::take_dropped() { return std::exchange(dropped_, {}); }

}  // namespace coldframe
