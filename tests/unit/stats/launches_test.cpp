// The percentiles of calls that come in launches: how often their intervals hold is simulated here.
#include "emulator/stats/launches.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>

namespace coldframe::stats {
namespace {

struct Spread {
  double between;           // of launches, log-normal
  double within;            // of calls
  bool rare_tails = false;  // every fifth launch has calls (one in twenty) of five times the time
};

class Simulation {
 public:
  explicit Simulation(Spread spread) : spread_(spread) {}

  Launches launches(std::size_t count, std::size_t calls) {
    Launches all;
    for (std::size_t i = 0; i < count; ++i) {
      std::normal_distribution<double> between(0, std::log1p(spread_.between));
      std::normal_distribution<double> within(0, std::log1p(spread_.within));
      const double own = between(random_);
      const bool slow = spread_.rare_tails && random_() % 5 == 0;
      all.emplace_back();
      for (std::size_t j = 0; j < calls; ++j) {
        const double call = std::exp(own + within(random_));
        all.back().push_back(slow && random_() % 20 == 0 ? 5 * call : call);
      }
    }
    return all;
  }

  double truth(double p) {
    std::vector<double> calls;
    for (const std::vector<double>& launch : launches(5'000, 20))
      calls.insert(calls.end(), launch.begin(), launch.end());
    return Sample(std::move(calls)).value(p);
  }

 private:
  Spread spread_;
  std::mt19937_64 random_{7};
};

struct Held {
  int runs = 0;
  int with_hi = 0;
  int hi_held = 0;
  int with_lo = 0;
  int lo_held = 0;
};

Held simulate(Spread spread, std::size_t launches, std::size_t calls, double p) {
  Simulation simulation(spread);
  const double truth = simulation.truth(p);
  Held held;
  for (held.runs = 0; held.runs < 100; ++held.runs) {
    const LaunchEstimate found = launch_percentile(simulation.launches(launches, calls), p);
    if (found.value.hi) {
      ++held.with_hi;
      held.hi_held += *found.value.hi >= truth ? 1 : 0;
    }
    if (found.value.lo) {
      ++held.with_lo;
      held.lo_held += *found.value.lo <= truth ? 1 : 0;
    }
  }
  return held;
}

// Each end may miss in 2.5 % of the runs, where it is claimed at all; of 100 runs, 6 are chance.
void expect_held(const Held& held, const std::string& what) {
  EXPECT_LE(held.with_hi - held.hi_held, 6) << what;
  EXPECT_LE(held.with_lo - held.lo_held, 6) << what;
}

TEST(LaunchPercentile, HoldsAsOftenAsItSaysHoweverMuchLaunchesDiffer) {
  for (const Spread spread : {Spread{0.27, 0.05}, Spread{0.10, 0.10}, Spread{0.02, 0.20},
                              Spread{0.0, 0.20}, Spread{0.02, 0.10, true}}) {
    for (const std::size_t launches : {10u, 40u}) {
      for (const double p : {0.9, 0.99}) {
        expect_held(simulate(spread, launches, 49, p),
                    "between " + std::to_string(spread.between) + ", launches " +
                        std::to_string(launches) + ", p " + std::to_string(p));
      }
    }
  }
}

TEST(LaunchPercentile, ClaimsNoTailOfTenLaunchesWithLevelsOfTheirOwn) {
  const Held p90 = simulate({0.27, 0.05}, 10, 49, 0.9);
  EXPECT_EQ(p90.with_hi, 0) << "ten levels say as little about p90 as ten calls";
  const Held enough = simulate({0.27, 0.05}, 29, 49, 0.9);
  EXPECT_EQ(enough.with_hi, enough.runs) << "29 do";
}

TEST(LaunchPercentile, CountsCallsWhereLaunchesAreAlike) {
  const Held p90 = simulate({0.0, 0.20}, 10, 49, 0.9);
  EXPECT_EQ(p90.with_hi, p90.runs);
  const Held p99 = simulate({0.0, 0.20}, 40, 49, 0.99);
  EXPECT_EQ(p99.with_hi, p99.runs);
}

TEST(LaunchPercentile, IsTheIntervalOfIndependentCallsWithOneCallEach) {
  Launches launches;
  std::vector<double> calls;
  for (int i = 1; i <= 100; ++i) {
    launches.push_back({static_cast<double>(i)});
    calls.push_back(i);
  }
  const LaunchEstimate found = launch_percentile(launches, 0.9);
  EXPECT_EQ(found.independent, 100u);
  EXPECT_EQ(found.value.lo, 84);
  EXPECT_EQ(found.value.hi, 96);
}

TEST(LaunchPercentile, SaysHowManyLaunchesOrCallsATailTakes) {
  // Equal calls are as if independent: 150 of them, and 299 are needed, 368 for both ends.
  const LaunchEstimate alike = launch_percentile(Launches(10, std::vector<double>(15, 3.0)), 0.99);
  EXPECT_EQ(alike.independent, 150u);
  EXPECT_FALSE(alike.value.hi);
  EXPECT_EQ(alike.value.needed, 299u);
  EXPECT_EQ(alike.for_hi.launches, 20u);
  EXPECT_EQ(alike.for_hi.calls, 30u);
  EXPECT_EQ(alike.for_both_ends.launches, 25u);
  EXPECT_EQ(alike.for_both_ends.calls, 37u);
  // Each launch a level of its own: its calls add nothing.
  Launches levels;
  for (int i = 0; i < 10; ++i)
    levels.emplace_back(100, i);
  const LaunchEstimate apart = launch_percentile(levels, 0.9);
  EXPECT_EQ(apart.independent, 10u);
  EXPECT_FALSE(apart.value.hi);
  EXPECT_EQ(apart.for_hi.launches, 29u);
  EXPECT_FALSE(apart.for_hi.calls) << "no number of calls would do";
}

TEST(LaunchPercentile, ClaimsNothingOfATailBelowTenLaunches) {
  const LaunchEstimate nine = launch_percentile(Launches(9, std::vector<double>(500, 3.0)), 0.9);
  EXPECT_FALSE(nine.value.hi) << "one of four environments may be of a kind that is not among nine";
  EXPECT_EQ(nine.for_hi.launches, 10u);
  EXPECT_TRUE(launch_percentile(Launches(10, std::vector<double>(500, 3.0)), 0.9).value.hi);
  EXPECT_EQ(launch_percentile({{1.0, 2.0, 3.0}}, 0.99).for_hi.launches, 299u);
}

TEST(LaunchPercentile, WeighsLaunchesOfUnequalLength) {
  // 20 launches of 2 and 10 of 20 calls, each with a level of its own.
  Launches launches;
  for (int i = 0; i < 30; ++i)
    launches.emplace_back(i < 20 ? 2 : 20, i);
  const LaunchEstimate found = launch_percentile(launches, 0.9);
  EXPECT_EQ(found.independent, 30u);
  // The same calls in no order: as many as there are, but for what looks alike by chance.
  std::mt19937_64 random(3);
  std::lognormal_distribution<double> noise(0, 0.2);
  for (std::vector<double>& calls : launches) {
    for (double& call : calls)
      call = noise(random);
  }
  const LaunchEstimate even = launch_percentile(launches, 0.9);
  EXPECT_GT(even.independent, 120u);
  EXPECT_LE(even.independent, 240u);
}

TEST(Resemblance, IsOneOfLevelsAndNoneOfEqualCalls) {
  EXPECT_EQ(resemblance({{1, 1, 1}, {2, 2, 2}}), 1.0);
  EXPECT_EQ(resemblance({{1, 1, 1}, {1, 1, 1}}), 0.0);
  EXPECT_EQ(resemblance({{1}, {2}, {3}}), 0.0);
  EXPECT_EQ(resemblance({{1, 2, 3, 4}, {1, 2, 3, 4}, {1, 2, 3, 4}}), 0.0);
}

TEST(LaunchShare, CountsLaunchesWhereAllOfTheirCallsFail) {
  // 10 of 10: [0.692, 1]; 20 independent calls would have claimed [0.832, 1].
  const Interval all = launch_share(Launches(10, {1.0, 1.0}));
  EXPECT_NEAR(all.lo, 0.6915, 5e-4);
  EXPECT_EQ(all.hi, 1.0);
  // Two of ten launches with nothing but errors: as 2 of 10.
  Launches some(10, std::vector<double>(20, 0.0));
  some[3] = some[7] = std::vector<double>(20, 1.0);
  EXPECT_NEAR(launch_share(some).lo, clopper_pearson(2, 10).lo, 1e-9);
  EXPECT_NEAR(launch_share(some).hi, clopper_pearson(2, 10).hi, 1e-9);
}

TEST(LaunchShare, CountsCallsWhereErrorsAreSpreadEvenly) {
  const Interval even =
      launch_share(Launches(10, {1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0}));
  EXPECT_NEAR(even.hi, clopper_pearson(10, 100).hi, 1e-9);
  const Interval one = launch_share({{0.0, 1.0, 0.0, 0.0}});
  EXPECT_GT(one.hi, 0.9) << "one launch says nothing about the next";
}

}  // namespace
}  // namespace coldframe::stats
