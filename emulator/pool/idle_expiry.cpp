#include "emulator/pool/idle_expiry.hpp"

#include <algorithm>
#include <array>

namespace coldframe {
namespace {

// Added to any steady time it is still far below the end of the clock.
constexpr Duration k_longest = std::chrono::hours(24 * 3652);

struct Point {
  double seconds, gone;
};
constexpr std::array<Point, 11> k_measured{{{60, 0},
                                            {120, .02},
                                            {180, .02},
                                            {240, .02},
                                            {270, .03},
                                            {300, .08},
                                            {315, .43},
                                            {330, .68},
                                            {345, .94},
                                            {360, 1},
                                            {361, 1}}};

}  // namespace

// The raw table is .02, 0, .01 at 120, 180 and 240 s; a distribution function cannot fall, so the
// running maximum stands there.
double idle_reclaim_probability(double idle_seconds) {
  if (idle_seconds <= k_measured.front().seconds) return 0;
  for (std::size_t i = 1; i < k_measured.size(); ++i) {
    const Point a = k_measured[i - 1];
    const Point b = k_measured[i];
    if (idle_seconds <= b.seconds) {
      return a.gone + (b.gone - a.gone) * (idle_seconds - a.seconds) / (b.seconds - a.seconds);
    }
  }
  return 1;
}

IdleExpiry::IdleExpiry(std::optional<Duration> fixed, double time_scale, std::uint64_t seed)
    : fixed_(fixed), time_scale_(time_scale), random_(seed) {}

Duration IdleExpiry::draw() {
  if (fixed_ == Duration::max()) return k_longest;
  double seconds = 0;
  if (fixed_) {
    seconds = static_cast<double>(fixed_->count()) / 1e9;
  } else {
    // std::uniform_real_distribution differs between libraries; a seed must mean the same
    // everywhere.
    const double share = static_cast<double>(random_() >> 11) * 0x1.0p-53;
    for (std::size_t i = 1; i < k_measured.size(); ++i) {
      const Point a = k_measured[i - 1];
      const Point b = k_measured[i];
      if (share < b.gone || i + 1 == k_measured.size()) {
        const double part = b.gone > a.gone ? (share - a.gone) / (b.gone - a.gone) : 1;
        seconds = a.seconds + std::clamp(part, 0.0, 1.0) * (b.seconds - a.seconds);
        break;
      }
    }
  }
  const double longest = std::chrono::duration<double>(k_longest).count();
  return Duration(static_cast<std::int64_t>(std::min(seconds / time_scale_, longest) * 1e9));
}

}  // namespace coldframe
