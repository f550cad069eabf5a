#include "emulator/cgroup/cpu_share.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace coldframe {
namespace {

// What follows counts in milliseconds.
constexpr double k_slice = 5;  // a CPU takes so much from the group's pool at a time

double in_ms(Duration d) { return to_ms(d); }
Duration from_ms(double ms) { return Duration(std::llround(ms * 1e6)); }

// The kernel's CFS bandwidth control with one busy thread: the group's pool is filled every period,
// the CPU's share of it is counted down at ticks only. An overrun is a debt that the next fills
// pay.
class TickModel {
 public:
  TickModel(double quota, double period, double tick) : q_(quota), p_(period), tick_(tick) {}

  // The request begins `phase` after a fill; the first tick comes `first_tick` after that.
  double wall(double demand, double phase, double first_tick) {
    pool_ = q_;
    local_ = 0;
    take(k_slice);
    double now = 0;
    double ran = 0;
    double since_tick = 0;
    double next_fill = p_ - phase;
    double next_tick = first_tick;
    for (;;) {
      double next = std::min(next_fill, next_tick);
      if (!throttled_) {
        next = std::min(next, now + demand - ran);
        ran += next - now;
        since_tick += next - now;
      }
      now = next;
      if (!throttled_ && ran >= demand - 1e-9) return now;
      if (now >= next_fill) {
        pool_ = q_;
        next_fill += p_;
        if (throttled_) take(1e-6);  // as much as pays the debt
      }
      if (now >= next_tick) {
        next_tick += tick_;
        if (throttled_) continue;
        local_ -= since_tick;
        since_tick = 0;
        if (local_ <= 0) take(k_slice);
      }
    }
  }

 private:
  void take(double up_to) {
    const double taken = std::min(up_to - local_, pool_);
    local_ += taken;
    pool_ -= taken;
    throttled_ = local_ <= 0;
  }

  double q_, p_, tick_;
  double pool_ = 0;
  double local_ = 0;
  bool throttled_ = false;
};

double tick_mean(double demand, double quota, double period, double tick) {
  constexpr int k_phases = 50;
  constexpr int k_ticks = 16;
  TickModel model(quota, period, tick);
  double sum = 0;
  for (int i = 0; i < k_phases; ++i) {
    for (int j = 0; j < k_ticks; ++j) {
      sum += model.wall(demand, (i + 0.5) / k_phases * period, (j + 0.5) / k_ticks * tick);
    }
  }
  return sum / (k_phases * k_ticks);
}

}  // namespace

CpuQuota cpu_quota(int memory_mb, double cpu_scale) {
  const double share = memory_mb / 1769.0 / cpu_scale;
  const double quota = static_cast<double>(k_cpu_period.count()) * share;
  return {std::max(k_least_cpu_quota, std::chrono::microseconds(std::llround(quota))),
          k_cpu_period};
}

int visible_vcpus(int memory_mb) {
  int vcpus = 2;
  for (const int last : {3008, 5307, 7076, 8845}) {
    if (memory_mb > last) ++vcpus;
  }
  return vcpus;
}

ExpectedWall expected_wall(Duration demand, CpuQuota quota, Duration tick) {
  const Duration q = quota.quota;
  const Duration p = quota.period;
  if (q >= p || demand <= q) return {demand, demand, demand, demand};

  // n bursts, the last of which is r long; each but the last ends in a stall of g, and the first
  // stall may fall away or be shorter, as the start lies.
  const std::int64_t n = (demand.count() + q.count() - 1) / q.count();
  const Duration g = p - q;
  const double r = in_ms(demand - (n - 1) * q);
  const double stall = in_ms(g);
  const double mean = in_ms(demand + (n - 2) * g) + (stall * stall / 2 + r * stall) / in_ms(p);
  return {demand + (n - 2) * g, from_ms(mean), demand + (n - 1) * g,
          from_ms(tick_mean(in_ms(demand), in_ms(q), in_ms(p), in_ms(tick)))};
}

}  // namespace coldframe
