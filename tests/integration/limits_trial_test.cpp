#include "emulator/limits/limits_trial.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include "tests/support/cgroup_fixture.hpp"

namespace coldframe::testing {
namespace {

using namespace std::chrono_literals;

class Trial : public Cgroups {};

TEST_F(Trial, SeesThatABusyProcessIsHeldToItsShare) {
  double error = 1;
  Duration off_period = Duration::max();
  for (int tries = 0; tries < 5 && (std::abs(error) > 0.05 || off_period > 1ms); ++tries) {
    const auto trial = try_limits(*run, 128);
    ASSERT_TRUE(trial) << trial.error().message;
    error = trial->share / trial->wanted - 1;
    EXPECT_GT(trial->gap, std::chrono::milliseconds(10));
    EXPECT_GT(trial->burst, Duration::zero());
    off_period = std::min(off_period, trial->off_period);
  }
  EXPECT_LE(off_period, std::chrono::milliseconds(1)) << "a burst and its gap: whole periods";
  EXPECT_LE(std::abs(error), 0.05);
}

TEST_F(Trial, KnowsTheTick) {
  // What this kernel was built with, where it tells.
  std::string said;
  FILE* config = ::popen(
      "(zcat /proc/config.gz || cat /boot/config-$(uname -r)) 2>/dev/null | sed -n "
      "s/^CONFIG_HZ=//p",
      "r");
  ASSERT_NE(config, nullptr);
  for (int byte = 0; (byte = std::fgetc(config)) != EOF;)
    said += static_cast<char>(byte);
  ::pclose(config);
  if (said.empty()) GTEST_SKIP() << "this kernel does not show its configuration";
  const double tick_ms = 1000.0 / std::stoi(said);
  EXPECT_NEAR(to_ms(kernel_tick()), tick_ms, 0.01 * tick_ms);
}

}  // namespace
}  // namespace coldframe::testing
