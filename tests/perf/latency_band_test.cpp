// How long one request takes under a quota, beside what the model of the kernel says; real time on
// CPUs that nobody else uses.
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>
#include <thread>

#include "emulator/cgroup/cpu_share.hpp"
#include "emulator/limits/limits_trial.hpp"
#include "tests/support/limited_fixture.hpp"

namespace coldframe::testing {
namespace {

using namespace std::chrono_literals;

struct Times {
  double busy = 0, all = 0;
};

Times cpu_times() {
  std::ifstream stat("/proc/stat");
  std::string line;
  std::getline(stat, line);
  std::istringstream words(line.substr(4));
  Times times;
  double value = 0;
  for (int i = 0; words >> value && i < 8; ++i) {
    times.all += value;
    if (i != 3 && i != 4) times.busy += value;  // idle, and waiting for a disk
  }
  return times;
}

// Of all CPUs together, in CPUs.
double cpus_in_use() {
  const Times before = cpu_times();
  std::this_thread::sleep_for(300ms);
  const Times after = cpu_times();
  return (after.busy - before.busy) / (after.all - before.all) *
         std::thread::hardware_concurrency();
}

struct Band {
  int memory_mb;
  int demand_ms;
};

class LatencyBand : public LimitedFixture, public ::testing::WithParamInterface<Band> {};

TEST_P(LatencyBand, HoldsTheMeanOfSingleRequestsAtRandomTimes) {
  const double used = cpus_in_use();
  if (std::thread::hardware_concurrency() - used < 1.5) {
    GTEST_SKIP() << "needs a CPU that nobody uses; " << used << " of "
                 << std::thread::hardware_concurrency() << " are in use";
  }
  const auto [memory_mb, demand_ms] = GetParam();
  function.memory_mb = memory_mb;
  play(k_obey);
  start();
  ASSERT_EQ(obey("respond 1").body, "1");
  std::mt19937 random(42);
  std::uniform_int_distribution<int> pause_us(60'000, 100'000);
  const int k_requests = demand_ms > 10 ? 40 : 60;
  double sum = 0;
  for (int i = 0; i < k_requests; ++i) {
    // An idle time that leaves the bucket full and the phase to chance.
    std::this_thread::sleep_for(std::chrono::microseconds(pause_us(random)));
    ASSERT_EQ(obey("busy " + std::to_string(demand_ms) + "ms; respond 1").body, "1");
    sum += to_ms(records.invocations.back().duration);
  }
  const double mean = sum / k_requests;
  const auto wall =
      expected_wall(std::chrono::milliseconds(demand_ms), cpu_quota(memory_mb), kernel_tick());
  EXPECT_GE(mean, to_ms(wall.tick_mean) * 0.95);
  EXPECT_LE(mean, to_ms(wall.mean) * 1.05);
}

INSTANTIATE_TEST_SUITE_P(Limits, LatencyBand,
                         ::testing::Values(Band{128, 10}, Band{256, 10}, Band{512, 10},
                                           Band{128, 50}, Band{256, 50}, Band{512, 50},
                                           Band{1024, 50}),
                         [](const auto& one) {
                           return std::to_string(one.param.memory_mb) + "MB" +
                                  std::to_string(one.param.demand_ms) + "ms";
                         });

}  // namespace
}  // namespace coldframe::testing
