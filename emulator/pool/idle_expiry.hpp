// How long an idle environment is kept: drawn from what was measured on AWS in 2025 (100 trials a
// point): nearly none is gone after 240 s, all are after 360 s, the median is 319 s.
#pragma once

#include <cstdint>
#include <optional>
#include <random>

#include "emulator/base/clock.hpp"

namespace coldframe {

// The share of environments that are gone after `idle` seconds; linear between the measured points.
double idle_reclaim_probability(double idle_seconds);

class IdleExpiry {
 public:
  // `fixed`: always this (virtual) time, Duration::max() for never; nothing: AWS's distribution.
  // `time_scale` virtual seconds pass in one real second; > 0.
  IdleExpiry(std::optional<Duration> fixed, double time_scale, std::uint64_t seed);
  // The next environment's idle time, in real time; ten years at most, which is never.
  Duration draw();

 private:
  std::optional<Duration> fixed_;
  double time_scale_;
  std::mt19937_64 random_;
};

}  // namespace coldframe
