#include "emulator/stats/drift.hpp"

#include <gtest/gtest.h>

#include <random>

namespace coldframe {
namespace {

Drift of(const std::vector<std::int64_t>& values) {
  Drift drift;
  for (std::size_t i = 0; i < values.size(); ++i)
    drift.add(static_cast<std::int64_t>(i), values[i]);
  return drift;
}

std::vector<std::int64_t> line(std::int64_t from, std::int64_t step, std::size_t count) {
  std::vector<std::int64_t> values;
  for (std::size_t i = 0; i < count; ++i)
    values.push_back(from + step * static_cast<std::int64_t>(i));
  return values;
}

TEST(Drift, OneMoreEachTimeIsGrowth) {
  const auto growth = of(line(9, 1, 23)).growth(3);
  ASSERT_TRUE(growth);
  EXPECT_EQ(growth->first, 12);
  EXPECT_EQ(growth->last, 31);
  EXPECT_EQ(growth->invokes, 20);
  EXPECT_EQ(growth->last_invoke, 22);
  EXPECT_DOUBLE_EQ(growth->each(), 1);
}

TEST(Drift, NeedsTenInvokesAfterTheWarmUp) {
  EXPECT_FALSE(of(line(9, 1, 12)).growth(3));
  EXPECT_TRUE(of(line(9, 1, 13)).growth(3));
}

TEST(Drift, ALeakEveryFourthTimeIsFoundWithTime) {
  std::vector<std::int64_t> values;
  for (std::int64_t i = 0; i < 40; ++i)
    values.push_back(10 + i / 4);
  const auto growth = of(values).growth(3);
  ASSERT_TRUE(growth);
  EXPECT_NEAR(growth->each(), 0.25, 0.03);
}

// Sequences of real functions that keep nothing.
TEST(Drift, AHealthyFunctionHasNone) {
  const std::vector<std::vector<std::int64_t>> healthy{
      // Descriptors of a Python client: sockets come and go.
      {5, 5, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6},
      {7, 8, 7, 7, 9, 7, 8, 7, 7, 8, 9, 7, 7, 8, 7, 8},
      // A pool of eight threads that fills up, one thread an invoke.
      {1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9, 9, 9, 9, 9},
      // One of sixteen in a run that is hardly longer.
      {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 17, 17, 17, 17, 17, 17},
      // Something is opened in the tenth invoke and kept.
      {6, 6, 6, 6, 6, 6, 6, 6, 6, 7, 7, 7, 7, 7, 7, 7},
      // A saw: collected every sixth time.
      {10, 11, 12, 13, 14, 15, 10, 11, 12, 13, 14, 15, 10, 11, 12, 13, 14, 15, 10, 11, 12},
      // Coming down.
      {30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16}};
  for (std::size_t i = 0; i < healthy.size(); ++i)
    EXPECT_FALSE(of(healthy[i]).growth(1)) << "sequence " << i;
}

// KB of scikit-learn's scoring function over fifteen calls: it settles.
TEST(Drift, MemoryThatSettlesHasNone) {
  const auto settles = of({118200, 121460, 122004, 122260, 122404, 122500, 122548, 122572, 122584,
                           122590, 122592, 122592, 122592, 122592, 122592});
  EXPECT_FALSE(settles.growth(1));
}

TEST(Drift, LessThanWasAskedForIsNone) {
  EXPECT_FALSE(of(line(100, 1, 20)).growth(17));
  EXPECT_TRUE(of(line(100, 1, 20)).growth(16));
}

TEST(Drift, ChanceIsHardlyEverTakenForGrowth) {
  for (const std::size_t count : {15u, 40u, 300u}) {
    int wrong = 0;
    constexpr int k_runs = 2000;
    for (unsigned seed = 0; seed < k_runs; ++seed) {
      std::mt19937_64 random(seed);
      std::vector<std::int64_t> values;
      for (std::size_t i = 0; i < count; ++i)
        values.push_back(static_cast<std::int64_t>(random() % 1000000));
      wrong += of(values).growth(1) ? 1 : 0;
    }
    EXPECT_LE(wrong, k_runs / 200) << count;
  }
}

TEST(Drift, NoiseHidesALeakOnlyForAWhile) {
  int found = 0;
  for (unsigned seed = 0; seed < 100; ++seed) {
    std::mt19937_64 random(seed);
    std::vector<std::int64_t> values;
    for (std::int64_t i = 0; i < 100; ++i)
      values.push_back(1000 + 10 * i + static_cast<std::int64_t>(random() % 100));
    found += of(values).growth(100) ? 1 : 0;
  }
  EXPECT_GE(found, 95);
}

TEST(Drift, KeepsItsRateOverAnyNumberOfInvokes) {
  const auto growth = of(line(0, 3, 100000)).growth(3);
  ASSERT_TRUE(growth);
  EXPECT_DOUBLE_EQ(growth->each(), 3);
  EXPECT_GT(growth->invokes, 90000);
}

TEST(Drift, InvokesThatWereNotLookedAtCount) {
  Drift drift;
  for (std::int64_t i = 0; i < 10; ++i)
    drift.add(100 * i + 5, 10 + 100 * i);
  const auto growth = drift.growth(3);
  ASSERT_TRUE(growth);
  EXPECT_DOUBLE_EQ(growth->each(), 1);
}

TEST(Drift, BeginsAnewAfterClear) {
  Drift drift = of(line(0, 1, 200));
  drift.clear();
  EXPECT_FALSE(drift.growth(1));
  for (std::int64_t i = 200; i < 211; ++i)
    drift.add(i, i);
  EXPECT_EQ(drift.growth(1).value().invokes, 11);
}

}  // namespace
}  // namespace coldframe
