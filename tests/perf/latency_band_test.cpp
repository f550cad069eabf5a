// How long one request takes under a quota, beside what the model of the kernel says: between 5 %
// under the mean of a kernel that looks at its ticks, and 5 % over that of one that always does.
// Real time on CPUs that nobody else uses; where others use them, that is a reason to skip.
#include <gtest/gtest.h>

#include <time.h>
#include <unistd.h>

#include <cmath>
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
  double busy = 0, all = 0;  // of all CPUs together, s
};

Times cpu_times() {
  std::ifstream stat("/proc/stat");
  std::string line;
  std::getline(stat, line);
  std::istringstream words(line.substr(4));
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  Times times;
  double value = 0;
  for (int i = 0; words >> value && i < 8; ++i) {
    times.all += value / ticks;
    if (i != 3 && i != 4) times.busy += value / ticks;  // idle, and waiting for a disk
  }
  return times;
}

double own_cpu_s() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

struct Band {
  int memory_mb;
  int demand_ms;
};

// What a series of requests took, and what others used meanwhile, in CPUs.
struct Series {
  double mean_ms = 0;
  double demand_ms = 0;
  double others = 0;
};

class LatencyBand : public LimitedFixture, public ::testing::WithParamInterface<Band> {
 protected:
  Series measure(int demand_ms) {
    std::uniform_int_distribution<int> pause_us(60'000, 100'000);
    const int requests = demand_ms > 10 ? 40 : 60;
    const Times before = cpu_times();
    const double own = own_cpu_s();
    Series series;
    for (int i = 0; i < requests; ++i) {
      // An idle time that leaves the bucket full and the phase to chance.
      std::this_thread::sleep_for(std::chrono::microseconds(pause_us(random_)));
      EXPECT_EQ(obey("busy " + std::to_string(demand_ms) + "ms; respond 1").body, "1");
      series.mean_ms += to_ms(records.invocations.back().duration) / requests;
      series.demand_ms += to_ms(*records.invocations.back().cpu) / requests;
    }
    const Times after = cpu_times();
    const double ours = own_cpu_s() - own + series.demand_ms * requests / 1000;
    series.others = (after.busy - before.busy - ours) / (after.all - before.all) *
                    std::thread::hardware_concurrency();
    return series;
  }

 private:
  std::mt19937 random_{42};
};

// Decided by a series within the band, or by one outside of it during which a CPU was idle.
TEST_P(LatencyBand, HoldsTheMeanOfSingleRequestsAtRandomTimes) {
  constexpr int k_tries = 3;
  constexpr double k_error = 0.05;
  const double cpus = std::thread::hardware_concurrency();
  const auto [memory_mb, demand_ms] = GetParam();
  function.memory_mb = memory_mb;
  play(k_obey);
  start();
  ASSERT_EQ(obey("respond 1").body, "1");
  std::string seen;
  for (int i = 0; i < k_tries; ++i) {
    const Series series = measure(demand_ms);
    const auto wall = expected_wall(Duration(std::llround(series.demand_ms * 1e6)),
                                    cpu_quota(memory_mb), kernel_tick());
    const double least = to_ms(wall.tick_mean) * (1 - k_error);
    const double most = to_ms(wall.mean) * (1 + k_error);
    std::ostringstream text;
    text << "mean " << series.mean_ms << " ms of requests for " << series.demand_ms
         << " ms, the band is " << least << " to " << most << "; others used " << series.others
         << " of " << cpus << " CPUs\n";
    seen += text.str();
    if (series.mean_ms >= least && series.mean_ms <= most) return;
    ASSERT_GT(series.others, cpus - 1.5) << seen;
  }
  GTEST_SKIP() << "needs a CPU that nobody else uses:\n" << seen;
}

// 10 ms at 1024 MB are less than the quota of a period: there is no band.
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
