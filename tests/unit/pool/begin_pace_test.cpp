#include "emulator/pool/begin_pace.hpp"

#include <gtest/gtest.h>

namespace coldframe {
namespace {

TEST(BeginPace, BeginsAtOnceWhereNobodyIsAtWork) {
  BeginPace pace;
  EXPECT_TRUE(pace.may_begin(0, 0));
  EXPECT_TRUE(pace.may_begin(0, 7)) << "whatever came on before";
}

TEST(BeginPace, WaitsWhileThoseAtWorkComeOn) {
  BeginPace pace;
  pace.begun(10);
  for (std::uint64_t steps = 11; steps < 60; ++steps)
    EXPECT_FALSE(pace.may_begin(4, steps)) << steps;
}

TEST(BeginPace, BeginsMoreAfterFourTurnsInWhichNobodyCameOn) {
  BeginPace pace;
  pace.begun(10);
  for (int turn = 1; turn < 4; ++turn)
    EXPECT_FALSE(pace.may_begin(4, 10)) << turn;
  EXPECT_TRUE(pace.may_begin(4, 10));
  pace.begun(14);
  EXPECT_FALSE(pace.may_begin(8, 14)) << "the count begins anew";
}

TEST(BeginPace, CountsTheStillTurnsFromTheLastStep) {
  BeginPace pace;
  pace.begun(10);
  for (int turn = 0; turn < 3; ++turn)
    EXPECT_FALSE(pace.may_begin(4, 10));
  for (int turn = 0; turn < 4; ++turn)
    EXPECT_FALSE(pace.may_begin(4, 11)) << turn;
  EXPECT_TRUE(pace.may_begin(4, 11));
}

TEST(BeginPace, LetsNobodyWaitForMoreThan64Turns) {
  BeginPace pace;
  pace.begun(0);
  std::uint64_t steps = 0;
  int turns = 1;
  while (!pace.may_begin(60, ++steps) && turns < 1000)
    ++turns;
  EXPECT_EQ(turns, 64);
}

}  // namespace
}  // namespace coldframe
