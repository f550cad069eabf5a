#include "emulator/environment/work_look.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace coldframe {
namespace {

using namespace std::chrono_literals;

// Looks at a function until it is certain; `at` tells its activity a time after the answer.
struct Looked {
  std::optional<WorkSeen> seen{};
  Duration after{};
  int looks = 0;
};
Looked look_at(const std::function<Activity(Duration)>& at) {
  Looked looked;
  WorkLook look(TimePoint{});
  while (looked.looks < 1000) {
    ++looked.looks;
    looked.seen = look.see(at(looked.after), TimePoint{} + looked.after);
    if (looked.seen) break;
    looked.after += look.pause();
  }
  return looked;
}

TEST(WorkLook, IsOverAtOnceWhereAllRests) {
  const auto looked = look_at([](Duration) { return Activity{}; });
  EXPECT_EQ(looked.looks, 1);
  EXPECT_EQ(looked.seen.value().left, WorkLeft::none);
  EXPECT_FALSE(looked.seen->waited);
}

TEST(WorkLook, IsOverWhenTheRuntimeHasComeToItsNextPoll) {
  const auto looked = look_at([](Duration t) { return Activity{t < 100us, false, 100us}; });
  EXPECT_EQ(looked.looks, 2);
  EXPECT_LT(looked.after, 1ms);
  EXPECT_EQ(looked.seen.value().left, WorkLeft::none);
  EXPECT_FALSE(looked.seen->waited) << "that is no pool";
}

TEST(WorkLook, WaitsForThreadsThatGoRoundAndRoundForAMoment) {
  const auto looked = look_at([](Duration t) {
    return Activity{t < 200ms, false, 2 * std::min<Duration>(t, 200ms)};
  });
  EXPECT_EQ(looked.seen.value().left, WorkLeft::none);
  EXPECT_TRUE(looked.seen->waited);
  EXPECT_LT(looked.after, 220ms);
}

TEST(WorkLook, FindsAThreadThatWorksOn) {
  const auto looked = look_at([](Duration t) { return Activity{true, false, t}; });
  EXPECT_EQ(looked.seen.value().left, WorkLeft::threads);
  EXPECT_GE(looked.after, 270ms);
  EXPECT_LT(looked.after, 290ms);
}

TEST(WorkLook, FindsOneThatWaitsForAFileNowAndThen) {
  int looks = 0;
  const auto looked = look_at([&](Duration t) {
    return Activity{++looks % 3 != 0, false, t * 9 / 10};
  });
  EXPECT_EQ(looked.seen.value().left, WorkLeft::threads);
}

// 4 ms of CPU, then none for 56 ms: the share of 128 MB on a kernel that looks at its ticks.
TEST(WorkLook, FindsOneThatHardlyHasACpu) {
  const auto looked = look_at([](Duration t) {
    return Activity{true, false, 4ms * (t / 60ms) + std::min<Duration>(t % 60ms, 4ms)};
  });
  EXPECT_EQ(looked.seen.value().left, WorkLeft::threads);
  EXPECT_LT(looked.after, 400ms);
}

TEST(WorkLook, SaysNothingOfWhoNeverGetsACpu) {
  const auto looked = look_at([](Duration) { return Activity{true, false, 5ms}; });
  EXPECT_EQ(looked.seen.value().left, WorkLeft::none);
  EXPECT_GE(looked.after, 500ms);
  EXPECT_LT(looked.after, 550ms);
}

TEST(WorkLook, FindsAProcessThatIsStillThereAndSleeps) {
  const auto looked = look_at([](Duration) { return Activity{false, true, 0ms}; });
  EXPECT_EQ(looked.seen.value().left, WorkLeft::processes);
  EXPECT_GE(looked.after, 270ms);
}

TEST(WorkLook, SaysNothingOfAProcessThatIsAboutToEnd) {
  const auto looked = look_at([](Duration t) { return Activity{t < 20ms, t < 20ms, 0ms}; });
  EXPECT_EQ(looked.seen.value().left, WorkLeft::none);
  EXPECT_LT(looked.after, 50ms);
}

// On a busy host the next look may be late.
TEST(WorkLook, DoesNotTakeOneLateLookForTwo) {
  WorkLook look(TimePoint{});
  EXPECT_FALSE(look.see({true, false, 0ms}, TimePoint{}));
  EXPECT_FALSE(look.see({true, false, 30ms}, TimePoint{} + 350ms));
  EXPECT_EQ(look.see({false, false, 30ms}, TimePoint{} + 360ms).value().left, WorkLeft::none);
}

}  // namespace
}  // namespace coldframe
