#include "emulator/stats/warm_up.hpp"

#include <algorithm>
#include <cmath>

namespace coldframe::stats {

namespace {

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

// The split into a slow and a steady part that explains most of the variance (a change point by
// least squares), on values clipped around the second half's median so that neither a huge first
// call nor a lone outlier decides. Clipped, N slow calls saturate and the split falls behind them.
std::size_t find_warm_up(const std::vector<double>& durations) {
  const std::size_t n = durations.size();
  if (n < 4) return 0;
  const std::vector<double> second_half(durations.begin() + static_cast<std::ptrdiff_t>(n / 2),
                                        durations.end());
  const double steady = median_of(second_half);
  std::vector<double> deviations;
  for (const double value : second_half)
    deviations.push_back(std::abs(value - steady));
  // 1.4826 MAD is the standard deviation of normal noise; a clock too coarse to show noise, or a
  // difference of less than 2 %, is not worth calling a warm-up.
  const double spread = std::max({1.4826 * median_of(deviations), 0.02 * std::abs(steady), 1e-9});
  constexpr double k_clip = 6.0;
  std::vector<double> clipped;
  for (const double value : durations) {
    clipped.push_back(std::clamp((value - steady) / spread, -k_clip, k_clip));
  }
  double total = 0;
  for (const double value : clipped)
    total += value;
  // Chance splits of steady noise stay well below this (its square root is 4.5 deviations).
  double best = 20.0;
  std::size_t found = 0;
  double head = 0;
  std::size_t slow = 0;  // calls of the head that are themselves slow: two outliers are no warm-up
  for (std::size_t k = 1; k <= n / 2; ++k) {
    head += clipped[k - 1];
    if (clipped[k - 1] > 1.0) ++slow;
    const auto before = static_cast<double>(k);
    const auto after = static_cast<double>(n - k);
    const double step = head / before - (total - head) / after;
    const double explained = step * step * before * after / static_cast<double>(n);
    if (step > 1.0 && explained > best && slow * 3 >= k * 2) {
      best = explained;
      found = k;
    }
  }
  return found;
}

}  // namespace coldframe::stats
