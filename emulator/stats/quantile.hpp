// Percentiles and how sure they are, from raw samples and without assuming a shape.
//
//   Sample sample(durations_ms);
//   Estimate p99 = sample.percentile(0.99);     // 40 samples: no bounds, needed 299
//
// A percentile is the nearest rank, 1-based ceil(p·n). Its interval are order statistics whose
// ranks come from the binomial distribution. Value types; any thread; p is in (0, 1).
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace coldframe::stats {

struct Estimate {
  double estimate = 0;
  std::optional<double> lo;  // both: the two-sided 95 % interval; only hi: a one-sided
  std::optional<double> hi;  //   95 % upper bound
  std::size_t n = 0;
  std::optional<std::size_t> needed;  // smallest n for an upper bound; absent if hi is there
};

std::size_t nearest_rank(double p, std::size_t n);  // 1-based; n ≥ 1

// 1-based ranks of the two-sided 95 % interval; a side that n samples cannot bound is absent.
struct RankInterval {
  std::optional<std::size_t> lower;
  std::optional<std::size_t> upper;
};
RankInterval two_sided_ranks(double p, std::size_t n);
// One-sided 95 % bounds: the true percentile is at most, or at least, the sample of that rank.
std::optional<std::size_t> upper_bound_rank(double p, std::size_t n);
std::optional<std::size_t> lower_bound_rank(double p, std::size_t n);

// Smallest n for which the bound exists: p99 → 299 and 368.
std::size_t needed_for_upper_bound(double p);
std::size_t needed_for_two_sided(double p);

class Sample {
 public:
  explicit Sample(std::vector<double> values);  // any order; NaN is not allowed
  bool empty() const { return sorted_.empty(); }
  std::size_t size() const { return sorted_.size(); }
  double at_rank(std::size_t rank) const { return sorted_[rank - 1]; }
  double max() const { return sorted_.back(); }
  double mean() const;
  double value(double p) const { return at_rank(nearest_rank(p, size())); }
  Estimate percentile(double p) const;
  std::size_t count_at_most(double limit) const;
  const std::vector<double>& sorted() const { return sorted_; }

 private:
  std::vector<double> sorted_;
};

}  // namespace coldframe::stats
