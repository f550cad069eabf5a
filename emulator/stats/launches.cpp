#include "emulator/stats/launches.hpp"

#include <algorithm>
#include <boost/math/distributions/fisher_f.hpp>
#include <cmath>
#include <numeric>
#include <utility>

namespace coldframe::stats {

namespace {

// Simulated with log-normal launches of 5 to 40, spreads of 0 to 27 % between and within, and rare
// slow tails: with 0.25 the 95 % intervals hold in 97 % and more; with 0.5 not always.
constexpr double k_overlooked = 0.25;
constexpr double k_most_calls = 1e6;

std::size_t calls_in(const Launches& launches) {
  return std::accumulate(
      launches.begin(), launches.end(), std::size_t{0},
      [](std::size_t n, const std::vector<double>& calls) { return n + calls.size(); });
}

// Each value's rank among all, equal ones sharing theirs.
Launches ranks_of(const Launches& launches) {
  std::vector<std::pair<double, double*>> calls;
  Launches ranks;
  for (const std::vector<double>& values : launches)
    ranks.emplace_back(values.size());
  for (std::size_t i = 0; i < launches.size(); ++i) {
    for (std::size_t j = 0; j < launches[i].size(); ++j)
      calls.emplace_back(launches[i][j], &ranks[i][j]);
  }
  std::sort(calls.begin(), calls.end());
  for (std::size_t from = 0; from < calls.size();) {
    std::size_t to = from;
    while (to < calls.size() && calls[to].first == calls[from].first)
      ++to;
    const double shared = (static_cast<double>(from + to) + 1.0) / 2.0;
    for (; from < to; ++from)
      *calls[from].second = shared;
  }
  return ranks;
}

Launches above(const Launches& launches, double limit) {
  Launches shares = launches;
  for (std::vector<double>& calls : shares) {
    for (double& value : calls)
      value = value > limit ? 1.0 : 0.0;
  }
  return shares;
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Σ nᵢ² / n: launches may differ in length.
double mean_length(const Launches& launches) {
  double squares = 0;
  for (const std::vector<double>& calls : launches)
    squares += static_cast<double>(calls.size()) * static_cast<double>(calls.size());
  return squares / static_cast<double>(calls_in(launches));
}

// From the launches' number to the calls'.
std::size_t independent_calls(const Launches& launches, double design_effect) {
  const std::size_t n = calls_in(launches);
  const double calls = static_cast<double>(n) / design_effect;
  return std::clamp(static_cast<std::size_t>(calls + 1e-9), launches.size(), n);
}

double design_effect_of(const Launches& launches, double alike) {
  return 1.0 + (mean_length(launches) - 1.0) * alike;
}

// For an end that takes `wanted` independent calls. As many launches always do.
LaunchNeeds needs(const Launches& launches, std::size_t wanted, double alike,
                  double design_effect) {
  const auto count = static_cast<double>(launches.size());
  const auto needed = static_cast<double>(wanted);
  const double per_launch = static_cast<double>(calls_in(launches)) / count;
  LaunchNeeds result;
  result.launches =
      std::clamp(static_cast<std::size_t>(std::ceil(needed * design_effect / per_launch)),
                 std::min(wanted, k_fewest_launches), wanted);
  if (launches.size() < k_fewest_launches) return result;
  const double room = count - needed * alike;  // longer launches tell ever less
  const double calls = room > 0 ? std::ceil(needed * (1.0 - alike) / room) : k_most_calls;
  if (calls >= k_most_calls) return result;
  result.calls =
      std::max(static_cast<std::size_t>(calls), static_cast<std::size_t>(per_launch) + 1);
  return result;
}

}  // namespace

double resemblance(const Launches& launches) {
  const auto count = static_cast<double>(launches.size());
  const auto n = static_cast<double>(calls_in(launches));
  if (n <= count) return 0.0;  // one call each: nothing to resemble
  double total = 0;
  for (const std::vector<double>& calls : launches)
    total += mean_of(calls) * static_cast<double>(calls.size());
  const double mean = total / n;
  double between = 0;
  double within = 0;
  for (const std::vector<double>& calls : launches) {
    const double own = mean_of(calls);
    between += static_cast<double>(calls.size()) * (own - mean) * (own - mean);
    for (const double value : calls)
      within += (value - own) * (value - own);
  }
  if (between <= 1e-12 * within || between == 0) return 0.0;
  if (within <= 1e-12 * between) return 1.0;
  between /= count - 1.0;
  within /= n - count;
  const boost::math::fisher_f_distribution<double> distribution(count - 1.0, n - count);
  const double ratio = between / within / boost::math::quantile(distribution, k_overlooked);
  const double length = (n - mean_length(launches)) / (count - 1.0);
  return std::clamp((ratio - 1.0) / (ratio - 1.0 + length), 0.0, 1.0);
}

LaunchEstimate launch_percentile(const Launches& launches, double p) {
  std::vector<double> all;
  for (const std::vector<double>& calls : launches)
    all.insert(all.end(), calls.begin(), calls.end());
  const Sample sample(std::move(all));
  const std::size_t n = sample.size();
  LaunchEstimate result;
  result.value.n = n;
  result.value.estimate = sample.value(p);
  // One launch says nothing of how alike its calls are.
  const double alike = launches.size() < 2
                           ? 1.0
                           : std::max(resemblance(ranks_of(launches)),
                                      resemblance(above(launches, result.value.estimate)));
  const double design_effect = design_effect_of(launches, alike);
  const std::size_t worth = independent_calls(launches, design_effect);
  result.independent = worth;
  result.for_hi = needs(launches, needed_for_upper_bound(p), alike, design_effect);
  result.for_both_ends = needs(launches, needed_for_two_sided(p), alike, design_effect);
  result.value.needed = needed_for_upper_bound(p);
  if (launches.size() < k_fewest_launches) return result;
  const RankInterval both = two_sided_ranks(p, worth);
  const bool two_sided = both.lower && both.upper;
  const std::optional<std::size_t> upper = two_sided ? both.upper : upper_bound_rank(p, worth);
  // From a rank among `worth` to one among n, outwards.
  if (upper) {
    result.value.hi = sample.at_rank((*upper * n + worth - 1) / worth);
    result.value.needed.reset();
  }
  if (two_sided) result.value.lo = sample.at_rank((*both.lower - 1) * n / worth + 1);
  return result;
}

Interval launch_share(const Launches& launches) {
  double happened = 0;
  for (const std::vector<double>& calls : launches)
    happened += std::accumulate(calls.begin(), calls.end(), 0.0);
  const auto n = static_cast<double>(calls_in(launches));
  std::size_t worth = launches.size();
  if (launches.size() > 1 && happened > 0 && happened < n) {
    worth = independent_calls(launches, design_effect_of(launches, resemblance(launches)));
  }
  return clopper_pearson(happened / n * static_cast<double>(worth), static_cast<double>(worth));
}

}  // namespace coldframe::stats
