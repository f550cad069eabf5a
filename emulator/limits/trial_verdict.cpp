#include "emulator/limits/trial_verdict.hpp"

#include <fmt/format.h>

#include <cmath>

namespace coldframe {
namespace {

constexpr double k_share_error = 0.02;
constexpr double k_burst_error = 0.1;
constexpr Duration k_period_error = std::chrono::milliseconds(1);

}  // namespace

std::vector<std::string> differences(const LimitsTrial& trial, Duration tick) {
  std::vector<std::string> found;
  const double share = trial.share / trial.wanted - 1;
  if (std::abs(share) > k_share_error) {
    found.push_back(fmt::format("the share is {:.1f} % too {}", 100 * std::abs(share),
                                share < 0 ? "small" : "large"));
  }
  if (tick > Duration::zero()) {
    if (std::abs(to_ms(trial.burst) / to_ms(tick) - 1) > k_burst_error) {
      found.push_back(fmt::format("a burst is not one tick of {:.3g} ms", to_ms(tick)));
    }
  }
  if (trial.off_period > k_period_error) {
    found.push_back(fmt::format("a burst with its gap is {:.1f} ms off whole periods",
                                to_ms(trial.off_period)));
  }
  return found;
}

}  // namespace coldframe
