#include "emulator/stats/quantile.hpp"

#include <gtest/gtest.h>

#include <random>

#include "emulator/stats/binomial.hpp"

namespace coldframe::stats {
namespace {

std::vector<double> counting(std::size_t n) {
  std::vector<double> values;
  for (std::size_t i = n; i > 0; --i)
    values.push_back(static_cast<double>(i));
  return values;
}

TEST(Quantile, TakesTheNearestRank) {
  EXPECT_EQ(nearest_rank(0.5, 1), 1u);
  EXPECT_EQ(nearest_rank(0.5, 2), 1u);
  EXPECT_EQ(nearest_rank(0.5, 3), 2u);
  EXPECT_EQ(nearest_rank(0.9, 10), 9u);
  EXPECT_EQ(nearest_rank(0.9, 11), 10u);
  EXPECT_EQ(nearest_rank(0.95, 100), 95u);
  EXPECT_EQ(nearest_rank(0.99, 100), 99u);
  EXPECT_EQ(nearest_rank(0.99, 101), 100u);
  for (std::size_t n = 1; n <= 100'000; ++n) {
    ASSERT_EQ(nearest_rank(0.95, n), (n * 95 + 99) / 100) << n;
    ASSERT_EQ(nearest_rank(0.99, n), (n * 99 + 99) / 100) << n;
  }
}

TEST(Quantile, HasTheTwoSidedRanksOfTheBinomial) {
  struct Vector {
    double p;
    std::size_t n, lower, upper;  // upper 0: none
  };
  for (const Vector& v : {Vector{0.5, 20, 6, 15},
                          {0.9, 100, 84, 96},
                          {0.95, 100, 90, 100},
                          {0.99, 1000, 983, 997},
                          {0.99, 200, 195, 0},
                          {0.99, 368, 360, 368}}) {
    const RankInterval ranks = two_sided_ranks(v.p, v.n);
    EXPECT_EQ(ranks.lower.value_or(0), v.lower) << v.p << " " << v.n;
    EXPECT_EQ(ranks.upper.value_or(0), v.upper) << v.p << " " << v.n;
  }
}

TEST(Quantile, NeedsThisManySamplesForItsBounds) {
  EXPECT_EQ(needed_for_upper_bound(0.5), 5u);
  EXPECT_EQ(needed_for_upper_bound(0.9), 29u);
  EXPECT_EQ(needed_for_upper_bound(0.95), 59u);
  EXPECT_EQ(needed_for_upper_bound(0.99), 299u);
  EXPECT_EQ(needed_for_two_sided(0.5), 6u);
  EXPECT_EQ(needed_for_two_sided(0.9), 36u);
  EXPECT_EQ(needed_for_two_sided(0.95), 72u);
  EXPECT_EQ(needed_for_two_sided(0.99), 368u);
}

TEST(Quantile, HasABoundExactlyFromTheNeededNumberOn) {
  for (const double p : {0.5, 0.9, 0.95, 0.99}) {
    const std::size_t one = needed_for_upper_bound(p);
    EXPECT_FALSE(upper_bound_rank(p, one - 1)) << p;
    EXPECT_EQ(upper_bound_rank(p, one).value(), one) << p;
    const std::size_t two = needed_for_two_sided(p);
    EXPECT_FALSE(two_sided_ranks(p, two - 1).upper) << p;
    EXPECT_TRUE(two_sided_ranks(p, two).upper && two_sided_ranks(p, two).lower) << p;
  }
}

TEST(Quantile, GivesBothBoundsOneBoundOrTheNumberNeeded) {
  const Estimate both = Sample(counting(40)).percentile(0.9);
  EXPECT_EQ(both.estimate, 36);
  EXPECT_EQ(both.lo, 32);
  EXPECT_EQ(both.hi, 40);
  EXPECT_FALSE(both.needed);
  const Estimate upper_only = Sample(counting(30)).percentile(0.9);
  EXPECT_FALSE(upper_only.lo);
  EXPECT_EQ(upper_only.hi, 30);
  const Estimate none = Sample(counting(40)).percentile(0.99);
  EXPECT_FALSE(none.lo || none.hi);
  EXPECT_EQ(none.needed, 299u);
  EXPECT_EQ(none.n, 40u);
}

TEST(Quantile, CoversTheTruthAboutNinetyFiveTimesInAHundred) {
  std::mt19937_64 random(7);
  std::exponential_distribution<double> draw(1.0);
  const double truth = std::log(10.0);  // p90
  int covered = 0;
  constexpr int k_runs = 4000;
  for (int run = 0; run < k_runs; ++run) {
    std::vector<double> values(100);
    for (double& value : values)
      value = draw(random);
    const Estimate p90 = Sample(values).percentile(0.9);
    if (*p90.lo <= truth && truth <= *p90.hi) ++covered;
  }
  EXPECT_GE(covered, k_runs * 94 / 100);
  EXPECT_LE(covered, k_runs * 98 / 100);
}

TEST(Sample, KnowsMeanMaximumAndCounts) {
  const Sample sample({3, 1, 2, 2});
  EXPECT_EQ(sample.mean(), 2.0);
  EXPECT_EQ(sample.max(), 3.0);
  EXPECT_EQ(sample.count_at_most(2), 3u);
  EXPECT_EQ(sample.value(0.5), 2.0);
}

TEST(Binomial, MatchesTheExactSums) {
  EXPECT_NEAR(binomial_cdf(1, 662, 0.01), 0.0099140, 5e-8);
  EXPECT_NEAR(binomial_cdf(1, 661, 0.01), 0.0100010, 5e-8);
  EXPECT_LE(binomial_cdf(1, 662, 0.01), 0.01);
  EXPECT_GT(binomial_cdf(1, 661, 0.01), 0.01);
  EXPECT_EQ(binomial_cdf(5, 5, 0.3), 1.0);
}

TEST(Binomial, GivesTheClopperPearsonInterval) {
  EXPECT_NEAR(clopper_pearson(3, 1000).lo, 0.000619, 5e-7);
  EXPECT_NEAR(clopper_pearson(3, 1000).hi, 0.008742, 5e-7);
  EXPECT_EQ(clopper_pearson(0, 1000).lo, 0.0);
  EXPECT_NEAR(clopper_pearson(0, 1000).hi, 0.003682, 5e-7);
  EXPECT_EQ(clopper_pearson(10, 10).hi, 1.0);
}

}  // namespace
}  // namespace coldframe::stats
