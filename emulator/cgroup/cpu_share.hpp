// What CPU a memory size buys on Lambda, and how long a computation takes under such a quota.
//
//   CpuQuota quota = cpu_quota(512);                     // 5789 µs every 20 ms
//   ExpectedWall wall = expected_wall(50ms, quota);      // mean 157 ms, 143 … 164
//
// Lambda gives a function M/1769 of a CPU by CFS bandwidth control with a period of 20 ms, enforced
// at the ticks of a 250 Hz kernel (measured on Lambda, 2025: throttle gaps of 36 and 56 ms at 128
// MB). 1769 MB are one CPU (AWS documentation). Pure; any thread.
#pragma once

#include <chrono>

#include "emulator/base/clock.hpp"

namespace coldframe {

inline constexpr std::chrono::microseconds k_cpu_period{20'000};
inline constexpr std::chrono::microseconds k_least_cpu_quota{1'000};  // the kernel takes no less

struct CpuQuota {
  std::chrono::microseconds quota{};  // of CPU time, all threads together; may exceed the period
  std::chrono::microseconds period = k_cpu_period;
  bool operator==(const CpuQuota&) const = default;
};

// `memory_mb`: 128 … 10240. `cpu_scale`: the speed of a core of this host divided by that of
// Lambda's, > 0; on a host twice as fast half the time is enough. Never capped at one CPU: 10240 MB
// are 5.79.
CpuQuota cpu_quota(int memory_mb, double cpu_scale = 1);

// How many CPUs a function of that size sees: 2 … 6, steps as observed on Lambda in 2021.
int visible_vcpus(int memory_mb);

// How long one thread takes that needs `demand` of CPU time, begins at a random phase of the
// period, and finds the whole quota unused. `min`, `mean` and `max` hold where the kernel enforces
// the quota to the microsecond; `tick_mean` where it looks only every `tick`, so that bursts
// overrun. A measured mean belongs between `tick_mean` and `mean`. The call takes some
// milliseconds.
struct ExpectedWall {
  Duration min{};
  Duration mean{};
  Duration max{};
  Duration tick_mean{};
};
ExpectedWall expected_wall(Duration demand, CpuQuota quota,
                           Duration tick = std::chrono::milliseconds(4));

}  // namespace coldframe
