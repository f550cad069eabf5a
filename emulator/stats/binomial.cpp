#include "emulator/stats/binomial.hpp"

#include <boost/math/distributions/binomial.hpp>

namespace coldframe::stats {

double binomial_cdf(std::size_t k, std::size_t n, double p) {
  if (k >= n) return 1.0;
  const boost::math::binomial_distribution<double> distribution(static_cast<double>(n), p);
  return boost::math::cdf(distribution, static_cast<double>(k));
}

Interval clopper_pearson(double k, double n) {
  using Binomial = boost::math::binomial_distribution<double>;
  constexpr double k_tail = 0.025;
  return {Binomial::find_lower_bound_on_p(n, k, k_tail),
          Binomial::find_upper_bound_on_p(n, k, k_tail)};
}

}  // namespace coldframe::stats
