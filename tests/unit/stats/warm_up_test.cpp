#include "emulator/stats/warm_up.hpp"

#include <gtest/gtest.h>

#include <random>

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

}  // namespace
}  // namespace coldframe::stats
