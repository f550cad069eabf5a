#include "emulator/base/lazy_timer.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "tests/support/fake_clock.hpp"

namespace coldframe {
namespace {

using namespace std::chrono_literals;
using testing::FakeClock;

struct LazyTimerTest : ::testing::Test {
  FakeClock clock;
  std::vector<Duration> fired;  // since the start
  const TimePoint start = clock.now();
  LazyTimer timer{clock, [this] { fired.push_back(clock.now() - start); }};
};

TEST_F(LazyTimerTest, FiresOnceAtItsTime) {
  timer.set(start + 3s);
  clock.advance(2999ms);
  EXPECT_TRUE(fired.empty());
  clock.advance(10s);
  EXPECT_EQ(fired, std::vector<Duration>{3s});
  EXPECT_FALSE(timer);
}

TEST_F(LazyTimerTest, FiresAtTheLastTimeThatWasSetHoweverOftenItMoved) {
  for (auto due : {3s, 4s, 6s})
    timer.set(start + due);
  clock.advance(10s);
  EXPECT_EQ(fired, std::vector<Duration>{6s});
}

TEST_F(LazyTimerTest, MovesToAnEarlierTime) {
  timer.set(start + 6s);
  timer.set(start + 2s);
  clock.advance(10s);
  EXPECT_EQ(fired, std::vector<Duration>{2s});
}

TEST_F(LazyTimerTest, DoesNotFireOnceCleared) {
  timer.set(start + 3s);
  timer.clear();
  clock.advance(10s);
  EXPECT_TRUE(fired.empty());
}

TEST_F(LazyTimerTest, SetAgainAfterAClearFiresAtTheNewTimeOnly) {
  timer.set(start + 3s);
  timer.clear();
  clock.advance(1s);
  timer.set(start + 4s);
  clock.advance(10s);
  EXPECT_EQ(fired, std::vector<Duration>{4s});
}

TEST_F(LazyTimerTest, ATimerThatMovedKeepsTheOrderOfItsNewTimeAmongOthers) {
  std::vector<int> order;
  LazyTimer late(clock, [&] { order.push_back(2); });
  late.set(start + 1s);
  late.set(start + 5s);
  clock.at(start + 4s, [&] { order.push_back(1); });
  clock.at(start + 6s, [&] { order.push_back(3); });
  clock.pass(20s);  // the loop was away: all of them are due at once
  clock.advance(0s);
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST_F(LazyTimerTest, MayBeSetFromItsOwnCallback) {
  int times = 0;
  LazyTimer again(clock, [&] {
    if (++times < 3) again.set(clock.now() + 1s);
  });
  again.set(start + 1s);
  clock.advance(10s);
  EXPECT_EQ(times, 3);
}

TEST_F(LazyTimerTest, LeavesNoTimerBehindWhenItIsDestroyed) {
  {
    LazyTimer gone(clock, [&] { fired.push_back(0s); });
    gone.set(start + 1s);
  }
  EXPECT_FALSE(clock.next_due());
}

}  // namespace
}  // namespace coldframe
