#include "emulator/stats/bootstrap.hpp"

#include <algorithm>
#include <utility>

#include "emulator/stats/quantile.hpp"

namespace coldframe::stats {

namespace {

// SplitMix64 of a counter: draw d of a seed is the same wherever and in whatever order it is made.
std::uint64_t mixed(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15ULL;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBULL;
  return value ^ (value >> 31);
}

}  // namespace

Interval launch_bootstrap(const std::vector<std::vector<double>>& launches, double p,
                          std::uint64_t seed) {
  std::vector<std::pair<double, std::size_t>> calls;  // value, its launch
  for (std::size_t launch = 0; launch < launches.size(); ++launch) {
    for (const double value : launches[launch])
      calls.emplace_back(value, launch);
  }
  std::sort(calls.begin(), calls.end());
  std::vector<double> drawn;
  std::vector<std::size_t> weight(launches.size());
  for (int draw = 0; draw < k_bootstrap_draws; ++draw) {
    std::fill(weight.begin(), weight.end(), 0);
    std::size_t n = 0;
    for (std::size_t i = 0; i < launches.size(); ++i) {
      const auto counter = static_cast<std::uint64_t>(draw) * launches.size() + i;
      const std::uint64_t bits = mixed(mixed(seed) ^ counter);
      const auto launch = static_cast<std::size_t>(bits % launches.size());
      ++weight[launch];
      n += launches[launch].size();
    }
    const std::size_t rank = nearest_rank(p, n);
    std::size_t seen = 0;
    for (const auto& [value, launch] : calls) {
      seen += weight[launch];
      if (seen >= rank) {
        drawn.push_back(value);
        break;
      }
    }
  }
  std::sort(drawn.begin(), drawn.end());
  return {drawn[nearest_rank(0.025, drawn.size()) - 1],
          drawn[nearest_rank(0.975, drawn.size()) - 1]};
}

}  // namespace coldframe::stats
