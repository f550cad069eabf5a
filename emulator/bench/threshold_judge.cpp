#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "emulator/bench/bench_report.hpp"
#include "emulator/bench/summary.hpp"
#include "emulator/bench/threshold.hpp"

namespace coldframe {

namespace {

double probability_of(const std::string& figure) {
  if (figure == "p50") return 0.50;
  if (figure == "p90") return 0.90;
  if (figure == "p95") return 0.95;
  return 0.99;
}

struct MetricName {
  std::string family;  // "cold", or the whole name for those without a figure
  std::string figure;  // "p90", "max", "mean"
};

MetricName split(const std::string& metric) {
  if (metric == "init.cpu" || metric == "warm.cpu") return {metric, "p50"};
  if (metric == "memory.peak") return {metric, "max"};
  const std::size_t point = metric.find('.');
  if (point == std::string::npos || metric == "cold.ratio") return {metric, ""};
  return {metric.substr(0, point), metric.substr(point + 1)};
}

// Either independent values, or calls by launch.
struct Measured {
  std::vector<double> values;
  std::vector<std::vector<double>> launches;
  bool empty() const { return values.empty() && launches.empty(); }
  bool by_launch() const { return !launches.empty(); }
};

Measured measured(const BenchReport& report, const std::string& family) {
  const bool cold_run = report.scenario.kind == BenchKind::cold;
  if (family == "warm" || family == "warm.cpu" || family == "latency") {
    if (!cold_run) {
      const Call which =
          family == "warm" ? Call::duration : (family == "latency" ? Call::latency : Call::cpu);
      return {{}, call_values(report, which)};
    }
    if (family == "warm") return {launch_values(report, "second"), {}};
    if (family == "latency") return {launch_values(report, "first.latency"), {}};
    return {launch_values(report, "second.cpu"), {}};
  }
  if (family == "memory.peak") return {launch_values(report, "peak"), {}};
  return {launch_values(report, family), {}};
}

struct Bounds {
  std::optional<std::size_t> lower;
  std::optional<std::size_t> upper;
};

// The ends that decide: of the two-sided interval where there is one, else one-sided bounds.
Bounds bounds_of(double p, std::size_t n) {
  const stats::RankInterval two = stats::two_sided_ranks(p, n);
  if (two.lower && two.upper) return {two.lower, two.upper};
  return {stats::lower_bound_rank(p, n), stats::upper_bound_rank(p, n)};
}

// How many samples would decide, if the share of those that keep the limit stayed as it is.
std::optional<std::size_t> samples_to_decide(double p, double share_at_most, std::size_t have) {
  constexpr std::size_t k_most = 1'000'000;
  const auto decides = [&](std::size_t n) {
    const double kept = share_at_most * static_cast<double>(n) + 1e-9;
    const Bounds ranks = bounds_of(p, n);
    return (ranks.upper && static_cast<double>(*ranks.upper) <= kept) ||
           (ranks.lower && static_cast<double>(*ranks.lower) > kept);
  };
  // Strides of 2 %, then one by one through the stride in which it happens.
  std::size_t last = have;
  for (std::size_t n = have + 1; n <= k_most; n += std::max<std::size_t>(1, n / 50)) {
    if (decides(n)) {
      for (std::size_t exact = last + 1; exact < n; ++exact) {
        if (decides(exact)) return exact;
      }
      return n;
    }
    last = n;
  }
  return std::nullopt;
}

ThresholdVerdict decide(const Threshold& threshold, std::optional<double> lo,
                        std::optional<double> hi) {
  const std::optional<double>& far_end = threshold.is_upper_limit() ? hi : lo;
  const std::optional<double>& near_end = threshold.is_upper_limit() ? lo : hi;
  if (far_end && threshold.holds_for(*far_end)) return ThresholdVerdict::pass;
  if (near_end && !threshold.holds_for(*near_end)) return ThresholdVerdict::fail;
  return ThresholdVerdict::undecided;
}

void judge_values(ThresholdResult& result, const std::vector<double>& values, double p) {
  const stats::Sample sample(values);
  result.value = sample.value(p);
  const Bounds ranks = bounds_of(p, sample.size());
  if (ranks.lower) result.lo = sample.at_rank(*ranks.lower);
  if (ranks.upper) result.hi = sample.at_rank(*ranks.upper);
  result.verdict = decide(result.threshold, result.lo, result.hi);
  if (result.verdict != ThresholdVerdict::undecided) return;
  // Below the limit, or at it where that counts as below (or does not count as above).
  const bool limit_is_below =
      result.threshold.op == ThresholdOp::less_equal || result.threshold.op == ThresholdOp::greater;
  const double limit =
      limit_is_below ? result.threshold.value : std::nextafter(result.threshold.value, -HUGE_VAL);
  const double share =
      static_cast<double>(sample.count_at_most(limit)) / static_cast<double>(sample.size());
  result.needed = samples_to_decide(p, share, sample.size());
}

void judge_launches(ThresholdResult& result, const std::vector<std::vector<double>>& launches,
                    double p, const BenchReport& report) {
  const BenchEstimate estimate = launch_percentile(launches, p);
  result.value = estimate.value.estimate;
  const double have = static_cast<double>(launches.size());
  // The end that passes, and for a lower limit it takes the interval's both.
  const std::optional<stats::LaunchNeeds>& lacking =
      result.threshold.is_upper_limit() ? estimate.for_hi : estimate.for_both_ends;
  if (estimate.method == IntervalMethod::within_launch) {
    result.needed = lacking->launches;
    return;
  }
  result.lo = estimate.value.lo;
  result.hi = estimate.value.hi;
  result.verdict = decide(result.threshold, result.lo, result.hi);
  if (result.verdict != ThresholdVerdict::undecided) return;
  if (lacking) {
    result.needed = lacking->launches;
    if (!lacking->calls) return;
    // Longer launches would do, without the cold starts of more of them. Each spends about as many
    // calls as now on its warm-up.
    const double left_out = static_cast<double>(report.scenario.calls_per_launch) -
                            static_cast<double>(estimate.value.n) / have;
    result.needed_calls =
        *lacking->calls + static_cast<std::size_t>(std::ceil(std::max(0.0, left_out)));
    return;
  }
  // An interval shrinks with the square root of the launches.
  const double value = estimate.value.estimate;
  const double distance = std::abs(result.threshold.value - value);
  const bool above = result.threshold.value > value;
  const double reach =
      above ? result.hi.value_or(value) - value : value - result.lo.value_or(value);
  if (distance <= 0 || reach <= 0) {
    if (!result.lo) result.needed = launches.size() + 1;
    return;
  }
  const double factor = (reach / distance) * (reach / distance);
  result.needed = std::max(launches.size() + 1, static_cast<std::size_t>(std::ceil(have * factor)));
}

void judge_plain(ThresholdResult& result, double value) {
  result.value = value;
  result.verdict =
      result.threshold.holds_for(value) ? ThresholdVerdict::pass : ThresholdVerdict::fail;
}

bool has_good_sample(const BenchReport& report) {
  return std::any_of(report.launches.begin(), report.launches.end(), [](const auto& launch) {
    return std::any_of(launch.samples.begin(), launch.samples.end(),
                       [](const auto& sample) { return sample.error.empty(); });
  });
}

}  // namespace

std::vector<std::string> metrics_of(const BenchReport& report) {
  std::vector<std::string> names;
  for (const std::string_view family : k_metric_families) {
    if (measured(report, std::string(family)).empty()) continue;
    for (const std::string_view figure : k_metric_figures) {
      names.push_back(fmt::format("{}.{}", family, figure));
    }
  }
  for (const std::string_view name : k_plain_metrics) {
    const bool counted = name == "cold.ratio" || name == "errors";
    if (counted || !measured(report, std::string(name)).empty()) names.emplace_back(name);
  }
  return names;
}

ThresholdResult evaluate(const Threshold& threshold, const BenchReport& report) {
  ThresholdResult result;
  result.threshold = threshold;
  if (threshold.metric == "cold.ratio") {
    judge_plain(result, report.cold_ratio);
    return result;
  }
  if (threshold.metric == "errors") {
    const auto errors = static_cast<double>(report.errors);
    const double calls = std::max(1.0, static_cast<double>(report.calls));
    judge_plain(result, threshold.as_share ? errors / calls : errors);
    return result;
  }
  const MetricName name = split(threshold.metric);
  const Measured found = measured(report, name.family);
  // An init that always fails keeps no promise about itself, above or below a limit.
  const bool of_init = name.family == "init" || name.family == "init.cpu";
  if (found.empty() && of_init && report.every_first_init_failed()) {
    result.missing =
        fmt::format("there is no init to judge, since {}", failed_first_inits_text(report));
    result.verdict = ThresholdVerdict::fail;
    return result;
  }
  if (found.empty()) {
    result.missing = has_good_sample(report)
                         ? fmt::format("this run did not measure {}; it has {}", threshold.metric,
                                       fmt::join(metrics_of(report), ", "))
                         : fmt::format("there is no good sample of {}", threshold.metric);
    return result;
  }
  std::vector<double> all = found.values;
  for (const std::vector<double>& calls : found.launches) {
    all.insert(all.end(), calls.begin(), calls.end());
  }
  if (name.figure == "max") {
    judge_plain(result, stats::Sample(all).max());
  } else if (name.figure == "mean") {
    judge_plain(result, stats::Sample(all).mean());
  } else if (found.by_launch()) {
    judge_launches(result, found.launches, probability_of(name.figure), report);
  } else {
    judge_values(result, found.values, probability_of(name.figure));
  }
  return result;
}

}  // namespace coldframe
