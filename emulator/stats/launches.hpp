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

struct LaunchEstimate {
  Estimate value;                              // n: calls; needed: independent ones
  std::size_t independent = 0;                 // so many independent calls would tell as much
  std::optional<std::size_t> needed_launches;  // there is no hi: about so many launches have one
  std::optional<std::size_t> needed_calls;     // there is no hi: or so many calls in each of these
};

// Nearest rank of all calls. Its interval are order statistics at the ranks of `independent` calls
// (n over Kish's design effect), from the launches' number to the calls'. The likeness is the
// greater of two: of the ranks of the values, and of being above the percentile, since launches may
// differ in their tails alone. Two or more launches, none empty.
LaunchEstimate launch_percentile(const Launches& launches, double p);

// The two-sided 95 % interval of a share, by Clopper and Pearson for as many independent calls;
// where all calls were alike, the launches count. Each value is 1 (it happened) or 0. One or more
// launches, none empty.
Interval launch_share(const Launches& launches);

}  // namespace coldframe::stats
