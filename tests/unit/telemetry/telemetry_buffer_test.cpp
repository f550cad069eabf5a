#include "emulator/telemetry/telemetry_buffer.hpp"

#include <gtest/gtest.h>

namespace coldframe {
namespace {

using namespace std::chrono_literals;

const TimePoint k_start{std::chrono::hours(1)};

TelemetrySubscription of(std::size_t items, std::size_t bytes, std::chrono::milliseconds timeout) {
  TelemetrySubscription subscription;
  subscription.max_items = items;
  subscription.max_bytes = bytes;
  subscription.timeout = timeout;
  return subscription;
}

TEST(TelemetryBuffer, IsDueWhenItsOldestEventIs) {
  TelemetryBuffer buffer(of(10, 1000, 100ms));
  EXPECT_FALSE(buffer.due_at());
  EXPECT_FALSE(buffer.is_due(k_start + 1h));
  buffer.push("{}", k_start);
  buffer.push("{}", k_start + 50ms);
  EXPECT_EQ(buffer.due_at(), k_start + 100ms);
  EXPECT_FALSE(buffer.is_due(k_start + 99ms));
  EXPECT_TRUE(buffer.is_due(k_start + 100ms));
}

TEST(TelemetryBuffer, IsDueAtOnceWithEnoughEventsOrBytes) {
  TelemetryBuffer many(of(3, 1000, 1h));
  many.push("1", k_start);
  many.push("2", k_start);
  EXPECT_FALSE(many.is_due(k_start));
  many.push("3", k_start);
  EXPECT_TRUE(many.is_due(k_start));
  TelemetryBuffer much(of(100, 10, 1h));
  much.push("123456789", k_start);
  EXPECT_FALSE(much.is_due(k_start));
  much.push("0", k_start);
  EXPECT_TRUE(much.is_due(k_start));
}

TEST(TelemetryBuffer, GivesNoMoreThanWasAskedForAtOnceInOrder) {
  TelemetryBuffer buffer(of(2, 10, 1h));
  for (const char* event : {"1", "2", "3", "12345678901", "4"})
    buffer.push(event, k_start);
  EXPECT_EQ(buffer.take(), (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(buffer.take(), std::vector<std::string>{"3"});
  EXPECT_EQ(buffer.take(), std::vector<std::string>{"12345678901"}) << "one event at least";
  EXPECT_EQ(buffer.take(), std::vector<std::string>{"4"});
  EXPECT_TRUE(buffer.empty());
}

TEST(TelemetryBuffer, CountsWhatFindsNoRoom) {
  TelemetryBuffer buffer(of(100, 10, 1h));
  for (int i = 0; i < 8; ++i)
    buffer.push("12345", k_start);
  EXPECT_FALSE(buffer.has_dropped());
  buffer.push("1234", k_start);
  buffer.push("12", k_start);
  EXPECT_TRUE(buffer.has_dropped());
  const auto dropped = buffer.take_dropped();
  EXPECT_EQ(dropped.records, 2u);
  EXPECT_EQ(dropped.bytes, 6u);
  EXPECT_FALSE(buffer.has_dropped());
  buffer.take();
  buffer.push("1234", k_start);
  EXPECT_FALSE(buffer.has_dropped()) << "there is room again";
}

TEST(TelemetryBuffer, BoundsTheNumberOfEventsToo) {
  TelemetryBuffer buffer(of(2, 1'000'000, 1h));
  for (int i = 0; i < 9; ++i)
    buffer.push("1", k_start);
  EXPECT_EQ(buffer.take_dropped().records, 1u);
}

}  // namespace
}  // namespace coldframe
