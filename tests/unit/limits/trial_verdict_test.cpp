#include "emulator/limits/trial_verdict.hpp"

#include <gtest/gtest.h>

namespace coldframe {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

// As it is on Lambda at 128 MB.
LimitsTrial good() {
  return {.burst = 3950us, .gap = 36ms, .off_period = 50us, .share = 0.0720, .wanted = 0.07235};
}

TEST(TrialVerdict, FindsNoDifferenceWhereAllIsAsOnLambda) {
  EXPECT_EQ(differences(good(), 4ms), Texts());
}

TEST(TrialVerdict, AllowsTwoPercentOfTheShareAndNoMore) {
  auto trial = good();
  trial.share = trial.wanted * 0.981;
  EXPECT_EQ(differences(trial, 4ms), Texts());
  trial.share = trial.wanted * 0.978;
  EXPECT_EQ(differences(trial, 4ms), Texts{"the share is 2.2 % too small"});
  trial.share = trial.wanted * 1.054;
  EXPECT_EQ(differences(trial, 4ms), Texts{"the share is 5.4 % too large"});
}

TEST(TrialVerdict, TakesABurstForOneTickWithinTenPercent) {
  auto trial = good();
  for (const auto burst : {3610us, 4390us}) {
    trial.burst = burst;
    EXPECT_EQ(differences(trial, 4ms), Texts());
  }
  for (const auto burst : {3590us, 4410us}) {
    trial.burst = burst;
    EXPECT_EQ(differences(trial, 4ms), Texts{"a burst is not one tick of 4 ms"});
  }
}

TEST(TrialVerdict, TakesTheTickAsItIs) {
  auto trial = good();
  trial.burst = 10ms;
  EXPECT_EQ(differences(trial, 10ms), Texts());
  EXPECT_EQ(differences(trial, 0ms), Texts()) << "where it is not known";
}

TEST(TrialVerdict, MissesWholePeriods) {
  auto trial = good();
  trial.off_period = 3ms;
  EXPECT_EQ(differences(trial, 4ms), Texts{"a burst with its gap is 3.0 ms off whole periods"});
}

TEST(TrialVerdict, TellsAllThatIsDifferent) {
  const LimitsTrial trial{
      .burst = 8ms, .gap = 92ms, .off_period = 5ms, .share = 0.05, .wanted = 0.0723};
  EXPECT_EQ(differences(trial, 10ms).size(), 3U);
}

}  // namespace
}  // namespace coldframe
