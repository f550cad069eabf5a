#include "emulator/stats/quantile.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "emulator/stats/binomial.hpp"

namespace coldframe::stats {

namespace {

constexpr double k_two_sided_tail = 0.025;
constexpr double k_one_sided_tail = 0.05;

// With B of n samples at or below the true percentile, B is binomial(n, p), and the sample of rank
// r is at or below it exactly when B ≥ r.

// Largest r with P(B < r) ≤ tail.
std::optional<std::size_t> lower_rank(double p, std::size_t n, double tail) {
  std::size_t low = 0;
  std::size_t high = n;
  while (low < high) {
    const std::size_t middle = (low + high + 1) / 2;
    if (binomial_cdf(middle - 1, n, p) <= tail) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  if (low == 0) return std::nullopt;
  return low;
}

// Smallest r with P(B ≥ r) ≤ tail.
std::optional<std::size_t> upper_rank(double p, std::size_t n, double tail) {
  std::size_t low = 1;
  std::size_t high = n + 1;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (1.0 - binomial_cdf(middle - 1, n, p) <= tail) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  if (low > n) return std::nullopt;
  return low;
}

// Smallest n at which the largest sample lies above the percentile often enough: pⁿ ≤ tail.
std::size_t smallest_n(double p, double tail) {
  auto n = static_cast<std::size_t>(std::max(1.0, std::floor(std::log(tail) / std::log(p)) - 1));
  while (std::pow(p, static_cast<double>(n)) > tail)
    ++n;
  return n;
}

}  // namespace

std::size_t nearest_rank(double p, std::size_t n) {
  // 0.95·100 is 95.00000000000001 in binary; a rank must not jump for that.
  const double exact = p * static_cast<double>(n);
  const double whole = std::round(exact);
  const double rank =
      std::abs(exact - whole) < 1e-9 * std::max(1.0, exact) ? whole : std::ceil(exact);
  return std::clamp<std::size_t>(static_cast<std::size_t>(rank), 1, n);
}

RankInterval two_sided_ranks(double p, std::size_t n) {
  return {lower_rank(p, n, k_two_sided_tail), upper_rank(p, n, k_two_sided_tail)};
}

std::optional<std::size_t> upper_bound_rank(double p, std::size_t n) {
  return upper_rank(p, n, k_one_sided_tail);
}

std::optional<std::size_t> lower_bound_rank(double p, std::size_t n) {
  return lower_rank(p, n, k_one_sided_tail);
}

std::size_t needed_for_upper_bound(double p) { return smallest_n(p, k_one_sided_tail); }

std::size_t needed_for_two_sided(double p) {
  // Both sides must exist; the side of the shorter tail is the one that is late.
  return std::max(smallest_n(p, k_two_sided_tail), smallest_n(1.0 - p, k_two_sided_tail));
}

Sample::Sample(std::vector<double> values) : sorted_(std::move(values)) {
  std::sort(sorted_.begin(), sorted_.end());
}

double Sample::mean() const {
  return std::accumulate(sorted_.begin(), sorted_.end(), 0.0) / static_cast<double>(size());
}

std::size_t Sample::count_at_most(double limit) const {
  return static_cast<std::size_t>(std::upper_bound(sorted_.begin(), sorted_.end(), limit) -
                                  sorted_.begin());
}

Estimate Sample::percentile(double p) const {
  Estimate result;
  result.n = size();
  result.estimate = value(p);
  const RankInterval ranks = two_sided_ranks(p, size());
  if (ranks.lower && ranks.upper) {
    result.lo = at_rank(*ranks.lower);
    result.hi = at_rank(*ranks.upper);
  } else if (const std::optional<std::size_t> rank = upper_bound_rank(p, size())) {
    result.hi = at_rank(*rank);
  } else {
    result.needed = needed_for_upper_bound(p);
  }
  return result;
}

}  // namespace coldframe::stats
