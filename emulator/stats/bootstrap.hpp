// The interval of a percentile over calls that come in launches. Calls of one launch resemble each
// other, so whole launches are drawn, never single calls.
//
//   auto interval = launch_bootstrap(launches, 0.9, seed);    // launches[i] = its calls
//
// Pure; the same seed gives the same interval on every machine. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "emulator/stats/binomial.hpp"

namespace coldframe::stats {

inline constexpr int k_bootstrap_draws = 2000;

// 95 % by the percentile method over k_bootstrap_draws draws; at least two launches, none empty.
Interval launch_bootstrap(const std::vector<std::vector<double>>& launches, double p,
                          std::uint64_t seed);

}  // namespace coldframe::stats
