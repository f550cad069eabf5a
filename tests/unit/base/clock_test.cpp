#include "emulator/base/clock.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <string>
#include <vector>

#include "emulator/base/io_timers.hpp"

namespace coldframe {
namespace {

using namespace std::chrono_literals;

TimePoint at(Duration since_zero) { return TimePoint(since_zero); }

class WatchedTimers : public Timers {
 public:
  std::vector<TimePoint> armed;

 protected:
  void on_earliest_changed(TimePoint due) override { armed.push_back(due); }
};

TEST(Timers, RunInOrderOfTheirTimeAndNotBeforeIt) {
  Timers timers;
  std::string log;
  timers.at(at(3s), [&] { log += 'c'; });
  timers.at(at(1s), [&] { log += 'a'; });
  timers.at(at(2s), [&] { log += 'b'; });
  timers.run_due(at(1s) - 1ns);
  EXPECT_EQ(log, "");
  timers.run_due(at(2s));
  EXPECT_EQ(log, "ab");
  EXPECT_EQ(timers.next_due(), at(3s));
  timers.run_due(at(10s));
  EXPECT_EQ(log, "abc");
  EXPECT_EQ(timers.next_due(), std::nullopt);
}

TEST(Timers, OfTheSameTimeRunInTheOrderOfTheirMaking) {
  Timers timers;
  std::string log;
  for (char c : std::string("abcdefgh"))
    timers.at(at(1s), [&log, c] { log += c; });
  timers.run_due(at(1s));
  EXPECT_EQ(log, "abcdefgh");
}

TEST(Timers, AreNeverCalledFromInsideAt) {
  Timers timers;
  bool ran = false;
  timers.at(at(-5s), [&] { ran = true; });
  EXPECT_FALSE(ran);
  timers.run_due(at(0s));
  EXPECT_TRUE(ran);
}

TEST(Timers, CancelForgetsTheTimerAndClearsTheId) {
  Timers timers;
  bool ran = false;
  TimerId id = timers.at(at(1s), [&] { ran = true; });
  EXPECT_TRUE(id);
  timers.cancel(id);
  EXPECT_FALSE(id);
  timers.cancel(id);  // an empty one: no effect
  timers.run_due(at(2s));
  EXPECT_FALSE(ran);
  EXPECT_EQ(timers.next_due(), std::nullopt);
}

TEST(Timers, CancelOfAFiredTimerTouchesNoOther) {
  Timers timers;
  int ran = 0;
  TimerId fired = timers.at(at(1s), [&] { ++ran; });
  timers.at(at(1s) + 1ns, [&] { ++ran; });
  timers.run_due(at(1s));
  timers.cancel(fired);
  timers.run_due(at(2s));
  EXPECT_EQ(ran, 2);
}

TEST(Timers, ACallbackMayCancelOneThatIsDueInTheSameTurn) {
  Timers timers;
  bool second_ran = false;
  TimerId second;
  timers.at(at(1s), [&] { timers.cancel(second); });
  second = timers.at(at(1s), [&] { second_ran = true; });
  timers.run_due(at(1s));
  EXPECT_FALSE(second_ran);
}

TEST(Timers, ATimerAddedByACallbackRunsInTheSameTurnIfItsTimeIsPast) {
  Timers timers;
  std::string log;
  timers.at(at(1s), [&] {
    log += 'a';
    timers.at(at(0s), [&] { log += 'b'; });
    timers.at(at(2s), [&] { log += 'c'; });
  });
  timers.run_due(at(1s));
  EXPECT_EQ(log, "ab");
  EXPECT_EQ(timers.next_due(), at(2s));
}

TEST(Timers, TellTheirOwnerOnlyOfAnEarlierTime) {
  WatchedTimers timers;
  timers.at(at(5s), [] {});
  timers.at(at(6s), [] {});
  timers.at(at(5s), [] {});
  timers.at(at(4s), [] {});
  EXPECT_EQ(timers.armed, (std::vector<TimePoint>{at(5s), at(4s)}));
}

TEST(Timers, RunTenThousandWithRandomCancelsExactlyOnceEach) {
  Timers timers;
  std::vector<int> ran(10000, 0);
  std::vector<TimerId> ids;
  for (std::size_t i = 0; i < ran.size(); ++i) {
    ids.push_back(
        timers.at(at(std::chrono::microseconds((i * 7919) % 10007)), [&ran, i] { ++ran[i]; }));
  }
  for (std::size_t i = 0; i < ran.size(); i += 3)
    timers.cancel(ids[i]);
  for (int step = 0; step <= 11; ++step)
    timers.run_due(at(step * 1ms));
  for (std::size_t i = 0; i < ran.size(); ++i)
    ASSERT_EQ(ran[i], i % 3 == 0 ? 0 : 1) << i;
}

TEST(IoTimers, FireOnTheLoopAndLetItEndAfterShutDown) {
  boost::asio::io_context io;
  SystemClock clock;
  IoTimers timers(io, clock);
  std::string log;
  const auto start = clock.now();
  timers.at(start + 4ms, [&] {
    log += 'b';
    timers.shut_down();
  });
  timers.at(start + 2ms, [&] { log += 'a'; });
  timers.at(start + 1h, [&] { log += 'z'; });
  io.run_for(10s);
  EXPECT_EQ(log, "ab");
  EXPECT_GE(clock.now() - start, 4ms);
  EXPECT_LT(clock.now() - start, 9s);
}

TEST(IoTimers, ACancelledEarlierTimerDoesNotHoldBackALaterOne) {
  boost::asio::io_context io;
  SystemClock clock;
  IoTimers timers(io, clock);
  bool ran = false;
  TimerId first = timers.at(clock.now() + 1ms, [] { FAIL() << "it was cancelled"; });
  timers.at(clock.now() + 3ms, [&] {
    ran = true;
    timers.shut_down();
  });
  timers.cancel(first);
  io.run_for(10s);
  EXPECT_TRUE(ran);
}

TEST(SystemClock, StepsForwardAndItsWallTimeIsNow) {
  SystemClock clock;
  const auto first = clock.now();
  EXPECT_GE(clock.now(), first);
  const auto wall = std::chrono::system_clock::now() - clock.wall_now();
  EXPECT_LT(std::chrono::abs(wall), 1s);
  EXPECT_DOUBLE_EQ(to_ms(1500us), 1.5);
}

}  // namespace
}  // namespace coldframe
