// Percentiles of calls that come in launches. Calls of one launch resemble each other, so 490 calls
// of ten launches may tell as much as 490 independent ones, or no more than ten; the calls
// themselves show which.
//
//   LaunchEstimate p90 = launch_percentile(launches, 0.9);   // launches[i] = its calls
//
// Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "emulator/stats/binomial.hpp"
#include "emulator/stats/quantile.hpp"

namespace coldframe::stats {

using Launches = std::vector<std::vector<double>>;

// How alike the values of one launch are: the intraclass correlation, 0 (as if independent) to 1
// (one call tells all of them). Of two or more launches, none empty. It is the upper end of a
// one-sided 75 % interval by the F distribution: with few launches a likeness is easily overlooked.
double resemblance(const Launches& launches);

// About how much an end of an interval takes, if the next launches are like these.
struct LaunchNeeds {
  std::size_t launches = 0;          // of as many calls as these
  std::optional<std::size_t> calls;  // or in each of these; nothing: no number of them would do
};

// Ten launches show, in 95 % of cases, one of every kind of environment that a quarter of them are
// of. No calculation finds a kind that is not there.
inline constexpr std::size_t k_fewest_launches = 10;

struct LaunchEstimate {
  Estimate value;               // n: calls; needed: independent ones
  std::size_t independent = 0;  // so many independent calls would tell as much
  LaunchNeeds for_hi;           // also where there is one already
  LaunchNeeds for_both_ends;
};

// Nearest rank of all calls. From k_fewest_launches on, its interval are order statistics at the
// ranks of `independent` calls (n over Kish's design effect), from the launches' number to the
// calls'. The likeness is the greater of two: of the ranks of the values, and of being above the
// percentile, since launches may differ in their tails alone. One or more launches, none empty.
LaunchEstimate launch_percentile(const Launches& launches, double p);

// The two-sided 95 % interval of a share, by Clopper and Pearson for as many independent calls;
// where all calls were alike, the launches count. Each value is 1 (it happened) or 0. One or more
// launches, none empty.
Interval launch_share(const Launches& launches);

}  // namespace coldframe::stats
