// The binomial distribution and exact intervals of a share.
//   Interval share = clopper_pearson(3, 1000);   // 0.000619 … 0.008742
// Pure; any thread.
#pragma once

#include <cstddef>

namespace coldframe::stats {

// P(X ≤ k) for n trials of probability p.
double binomial_cdf(std::size_t k, std::size_t n, double p);

struct Interval {
  double lo = 0;
  double hi = 1;
};
// Two-sided 95 %; n ≥ 1, k ≤ n; not whole where trials count for less than one each.
Interval clopper_pearson(double k, double n);

}  // namespace coldframe::stats
