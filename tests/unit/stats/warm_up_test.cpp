#include "emulator/stats/warm_up.hpp"

#include <gtest/gtest.h>

#include <random>

#include "emulator/stats/bootstrap.hpp"

namespace coldframe::stats {
namespace {

// `slow` calls at `factor` times the steady 10 ms, with log-normal noise and rare outliers.
std::vector<double> calls(std::size_t slow, std::size_t total, double factor, double noise,
                          unsigned seed) {
  std::mt19937_64 random(seed);
  std::lognormal_distribution<double> spread(0.0, noise);
  std::uniform_real_distribution<double> uniform;
  std::vector<double> values;
  for (std::size_t i = 0; i < total; ++i) {
    double value = 10.0 * spread(random);
    if (i < slow) value *= factor;
    if (uniform(random) < 0.02) value *= 4;
    values.push_back(value);
  }
  return values;
}

TEST(WarmUp, IsFoundWithinThreeCallsOfTheTruth) {
  for (const std::size_t slow : {0u, 1u, 2u, 3u, 5u, 8u, 13u, 20u, 40u}) {
    for (const double factor : {1.5, 3.0, 20.0}) {
      int missed = 0;
      constexpr int k_runs = 200;
      for (unsigned seed = 1; seed <= k_runs; ++seed) {
        const std::size_t found = find_warm_up(calls(slow, 100, factor, 0.08, seed));
        const auto off = static_cast<long>(found) - static_cast<long>(slow);
        if (off < -3 || off > 3) ++missed;
      }
      EXPECT_LE(missed, k_runs / 50) << slow << " slow calls of factor " << factor;
    }
  }
}

TEST(WarmUp, IsExactWithoutNoise) {
  std::vector<double> values(60, 5.0);
  EXPECT_EQ(find_warm_up(values), 0u);
  for (std::size_t i = 0; i < 7; ++i)
    values[i] = 9.0;
  EXPECT_EQ(find_warm_up(values), 7u);
}

TEST(WarmUp, NeverTakesMoreThanHalf) {
  std::vector<double> values(40, 1.0);
  for (std::size_t i = 0; i < 19; ++i)
    values[i] = 50.0;
  EXPECT_EQ(find_warm_up(values), 19u);
  for (std::size_t i = 0; i < 30; ++i)
    values[i] = 50.0;
  EXPECT_LE(find_warm_up(values), 20u);
}

TEST(WarmUp, SeesNoneInAHandfulOfCallsOrWhenCallsGetSlower) {
  EXPECT_EQ(find_warm_up({}), 0u);
  EXPECT_EQ(find_warm_up({9, 1, 1}), 0u);
  std::vector<double> values(40, 5.0);
  for (std::size_t i = 0; i < 5; ++i)
    values[i] = 1.0;
  EXPECT_EQ(find_warm_up(values), 0u);
}

TEST(LaunchBootstrap, GivesTheSameIntervalForTheSameSeed) {
  std::vector<std::vector<double>> launches;
  for (unsigned i = 0; i < 10; ++i)
    launches.push_back(calls(0, 30, 1, 0.1, i));
  const Interval a = launch_bootstrap(launches, 0.9, 7);
  const Interval b = launch_bootstrap(launches, 0.9, 7);
  EXPECT_EQ(a.lo, b.lo);
  EXPECT_EQ(a.hi, b.hi);
  EXPECT_LT(a.lo, a.hi);
}

TEST(LaunchBootstrap, SeesTheSpreadBetweenLaunchesThatPoolingHides) {
  std::vector<std::vector<double>> launches;
  for (int i = 0; i < 10; ++i)
    launches.emplace_back(100, i < 5 ? 10.0 : 20.0);
  const Interval interval = launch_bootstrap(launches, 0.5, 1);
  EXPECT_EQ(interval.lo, 10.0);
  EXPECT_EQ(interval.hi, 20.0);
}

}  // namespace
}  // namespace coldframe::stats
