#include "emulator/limits/limits_trial.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/cgroup_fixture.hpp"

namespace coldframe::testing {
namespace {

class Trial : public Cgroups {};

TEST_F(Trial, SeesThatABusyProcessIsHeldToItsShare) {
  double error = 1;
  for (int tries = 0; tries < 5 && std::abs(error) > 0.05; ++tries) {
    const auto trial = try_limits(*run, 128);
    ASSERT_TRUE(trial) << trial.error().message;
    error = trial->share / trial->wanted - 1;
    EXPECT_GT(trial->gap, std::chrono::milliseconds(10));
    EXPECT_GT(trial->burst, Duration::zero());
  }
  EXPECT_LE(std::abs(error), 0.05);
}

TEST_F(Trial, KnowsTheTick) {
  EXPECT_GE(kernel_tick(), std::chrono::microseconds(900));
  EXPECT_LE(kernel_tick(), std::chrono::milliseconds(11));
}

}  // namespace
}  // namespace coldframe::testing
