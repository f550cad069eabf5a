#include "emulator/cgroup/cpu_share.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace coldframe {
namespace {

using namespace std::chrono_literals;

Duration ms(double value) { return Duration(std::llround(value * 1e6)); }

TEST(CpuQuota, IsTheShareOfTwentyMilliseconds) {
  EXPECT_EQ(cpu_quota(128), (CpuQuota{1447us, 20ms}));
  EXPECT_EQ(cpu_quota(512), (CpuQuota{5789us, 20ms}));
  EXPECT_EQ(cpu_quota(1024), (CpuQuota{11577us, 20ms}));
  EXPECT_EQ(cpu_quota(1769), (CpuQuota{20ms, 20ms}));
}

TEST(CpuQuota, GoesBeyondOneCpu) {
  EXPECT_EQ(cpu_quota(3538).quota, 40ms);
  EXPECT_EQ(cpu_quota(10240).quota, 115772us);
}

TEST(CpuQuota, IsLessOnAFasterHost) {
  EXPECT_EQ(cpu_quota(1769, 2.0).quota, 10ms);
  EXPECT_EQ(cpu_quota(1769, 0.5).quota, 40ms);
}

TEST(CpuQuota, IsNeverLessThanTheKernelTakes) {
  EXPECT_EQ(cpu_quota(128, 2.0).quota, 1ms);
  EXPECT_EQ(cpu_quota(128, 1.4).quota, 1034us);
}

TEST(VisibleVcpus, ChangeAtTheObservedSizes) {
  const std::pair<int, int> steps[] = {{128, 2},  {3008, 2}, {3009, 3}, {5307, 3}, {5308, 4},
                                       {7076, 4}, {7077, 5}, {8845, 5}, {8846, 6}, {10240, 6}};
  for (auto& [memory, vcpus] : steps)
    EXPECT_EQ(visible_vcpus(memory), vcpus) << memory;
}

// What a plain cgroup with a period of 20 ms makes of one request: exact minimum, mean and maximum;
// and the mean that a simulation with ticks of 4 ms gave, which began with more credit than ours.
struct Cell {
  int demand, memory;
  double min, mean, max, least_tick_mean;
};
constexpr Cell k_cells[] = {{5, 128, 42, 51.3, 61, 21.1},
                            {5, 256, 5, 14.1, 22, 5.9},
                            {5, 512, 5, 5, 5, 5},
                            {5, 1024, 5, 5, 5, 5},
                            {10, 128, 103, 112.6, 121, 89},
                            {10, 256, 44, 52.7, 61, 32},
                            {10, 512, 10, 18.0, 24, 10.8},
                            {10, 1024, 10, 10, 10, 10},
                            {20, 128, 243, 252, 261, 229},
                            {20, 256, 106, 115, 123, 97},
                            {20, 512, 48, 55.3, 63, 40},
                            {20, 1024, 20, 25.3, 28, 21.7},
                            {50, 128, 662, 672, 681, 643},
                            {50, 256, 324, 332, 341, 308},
                            {50, 512, 149, 157, 164, 143},
                            {50, 1024, 75, 78.6, 84, 70.5},
                            {100, 128, 1362, 1370, 1380, 1333},
                            {100, 256, 664, 673, 682, 654},
                            {100, 512, 327, 334, 342, 316},
                            {100, 1024, 159, 164, 167, 158}};

TEST(ExpectedWall, IsThatOfTheTable) {
  for (const auto& cell : k_cells) {
    const auto wall = expected_wall(ms(cell.demand), cpu_quota(cell.memory));
    const auto name = std::to_string(cell.demand) + " ms, " + std::to_string(cell.memory) + " MB";
    EXPECT_NEAR(to_ms(wall.min), cell.min, 1) << name;
    EXPECT_NEAR(to_ms(wall.mean), cell.mean, 0.75) << name;
    EXPECT_NEAR(to_ms(wall.max), cell.max, 1) << name;
    EXPECT_GE(to_ms(wall.tick_mean), cell.least_tick_mean - 0.1) << name;
    EXPECT_LE(wall.tick_mean, wall.mean) << name;
  }
}

// Means of 120 to 200 requests in such a cgroup on a host with ticks of 4 ms.
TEST(ExpectedWall, HoldsWhatWasMeasured) {
  struct Measured {
    int demand, memory;
    double mean;
  };
  for (const Measured& m : std::initializer_list<Measured>{{10, 128, 99.1},
                                                           {10, 256, 42.5},
                                                           {10, 512, 14.5},
                                                           {50, 128, 655.8},
                                                           {50, 256, 320.7},
                                                           {50, 512, 150.4},
                                                           {50, 1024, 74.9},
                                                           {2, 128, 3.1}}) {
    const auto wall = expected_wall(ms(m.demand), cpu_quota(m.memory));
    EXPECT_GE(m.mean, to_ms(wall.tick_mean) * 0.95) << m.demand << " ms, " << m.memory << " MB";
    EXPECT_LE(m.mean, to_ms(wall.mean) * 1.05) << m.demand << " ms, " << m.memory << " MB";
  }
}

TEST(ExpectedWall, IsTheDemandWhereTheQuotaIsEnough) {
  for (const CpuQuota quota : {CpuQuota{20ms, 20ms}, CpuQuota{60ms, 20ms}, CpuQuota{5ms, 20ms}}) {
    const auto wall = expected_wall(5ms, quota);
    EXPECT_EQ(wall.min, 5ms);
    EXPECT_EQ(wall.mean, 5ms);
    EXPECT_EQ(wall.max, 5ms);
    EXPECT_EQ(wall.tick_mean, 5ms);
  }
  EXPECT_EQ(expected_wall(500ms, {20ms, 20ms}).max, 500ms);
}

// The kernel looks at every moment whether the quota is spent.
double exact_wall(double demand, double quota, double period, double phase) {
  constexpr double k_step = 0.001;
  double now = phase;
  double left = quota;
  double next_fill = period;
  for (double ran = 0; ran < demand; now += k_step) {
    if (now >= next_fill) {
      left = quota;
      next_fill += period;
    }
    if (left <= 0) continue;
    left -= k_step;
    ran += k_step;
  }
  return now - phase;
}

TEST(ExpectedWall, IsWhatTryingEveryPhaseGives) {
  for (const CpuQuota quota : {CpuQuota{1447us}, CpuQuota{5789us}, CpuQuota{11577us}}) {
    for (const double demand : {6.0, 13.5, 47.0}) {
      double sum = 0;
      double least = 1e9;
      double most = 0;
      constexpr int k_phases = 100;
      for (int i = 0; i < k_phases; ++i) {
        const double wall = exact_wall(demand, to_ms(quota.quota), 20, (i + 0.5) / k_phases * 20);
        sum += wall;
        least = std::min(least, wall);
        most = std::max(most, wall);
      }
      const auto expected = expected_wall(ms(demand), quota);
      EXPECT_NEAR(to_ms(expected.mean), sum / k_phases, 0.004 * sum / k_phases + 0.1);
      EXPECT_GE(least, to_ms(expected.min) - 0.1);
      EXPECT_LE(most, to_ms(expected.max) + 0.1);
    }
  }
}

// The tick model in small steps: what the group has left is looked at when the tick comes.
double tick_wall(double demand, double quota, double period, double tick, double phase,
                 double first_tick) {
  constexpr double k_step = 0.01;
  double pool = quota;
  double local = std::min(5.0, pool);
  pool -= local;
  double ran = 0;
  double counted = 0;
  bool throttled = false;
  long fills = 1;
  long ticks = 0;
  for (long step = 1;; ++step) {
    const double now = static_cast<double>(step) * k_step;
    if (!throttled) ran += k_step;
    if (ran >= demand) return now;
    if (now >= static_cast<double>(fills) * period - phase) {
      ++fills;
      pool = quota;
      if (throttled) {
        const double paid = std::min(1e-6 - local, pool);
        local += paid;
        pool -= paid;
        throttled = local <= 0;
      }
    }
    if (now >= first_tick + static_cast<double>(ticks) * tick) {
      ++ticks;
      if (throttled) continue;
      local -= ran - counted;
      counted = ran;
      if (local > 0) continue;
      const double taken = std::min(5 - local, pool);
      local += taken;
      pool -= taken;
      throttled = local <= 0;
    }
  }
}

TEST(ExpectedWall, HasTheTickMeanThatSmallStepsGive) {
  for (const CpuQuota quota : {CpuQuota{1447us}, CpuQuota{5789us}, CpuQuota{11577us}}) {
    for (const double tick : {1.0, 4.0, 10.0}) {
      double sum = 0;
      constexpr int k_phases = 60;
      constexpr int k_ticks = 20;
      for (int i = 0; i < k_phases; ++i) {
        for (int j = 0; j < k_ticks; ++j) {
          sum += tick_wall(27, to_ms(quota.quota), 20, tick, (i + 0.5) / k_phases * 20,
                           (j + 0.5) / k_ticks * tick);
        }
      }
      const double mean = sum / (k_phases * k_ticks);
      EXPECT_NEAR(to_ms(expected_wall(27ms, quota, ms(tick)).tick_mean), mean, 0.02 * mean)
          << quota.quota.count() << " µs, tick " << tick;
    }
  }
}

TEST(ExpectedWall, IsAlmostTheExactOneWithAShortTick) {
  const auto wall = expected_wall(50ms, cpu_quota(512), 100us);
  EXPECT_NEAR(to_ms(wall.tick_mean), to_ms(wall.mean), 0.06 * to_ms(wall.mean));
  EXPECT_GT(wall.tick_mean, expected_wall(50ms, cpu_quota(512), 4ms).tick_mean);
}

}  // namespace
}  // namespace coldframe
