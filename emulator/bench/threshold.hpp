// Limits that a benchmark must keep: `METRIC OP VALUE`, as in "cold.p90 < 3s".
//
//   Result<Threshold> t = parse_threshold("warm.p99 <= 20ms");
//
// METRIC is a family with a figure, or a plain metric; VALUE a number with us, ms, s, m, h, MB, GB,
// % or nothing; docs/thresholds.md has what each means. A percentile passes only if the far end of
// its confidence interval passes. Any thread.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/base/error.hpp"

namespace coldframe {

// Every metric is a family with a figure ("cold.p90") or one of the plain ones.
inline constexpr std::array<std::string_view, 5> k_metric_families{"init", "first", "cold", "warm",
                                                                   "latency"};
inline constexpr std::array<std::string_view, 6> k_metric_figures{"p50", "p90", "p95",
                                                                  "p99", "max", "mean"};
inline constexpr std::array<std::string_view, 5> k_plain_metrics{
    "init.cpu", "warm.cpu", "memory.peak", "cold.ratio", "errors"};

enum class ThresholdOp { less, less_equal, greater, greater_equal };

struct Threshold {
  std::string expr;    // as it was written
  std::string metric;  // "cold.p90"
  ThresholdOp op = ThresholdOp::less;
  double value = 0;       // in ms, bytes, a share (5 % is 0.05) or a count
  bool as_share = false;  // errors written in %

  bool holds_for(double measured) const;
  bool is_upper_limit() const { return op == ThresholdOp::less || op == ThresholdOp::less_equal; }
};

// Refuses also what no measurement can keep, as in "errors < 0".
Result<Threshold> parse_threshold(const std::string& expr);

// Whether a budget of function.json is written in this grammar. It may also compare with a baseline
// ("warm.p90 < baseline +10%") and name cost.per_million and image.size, which other commands
// measure.
Result<void> check_budget(const std::string& expr);

enum class ThresholdVerdict { pass, fail, undecided };
const char* to_text(ThresholdVerdict verdict);

struct ThresholdResult {
  Threshold threshold;
  std::optional<double> value;  // measured, in the threshold's unit; nothing: not measured
  std::optional<double> lo;     // of its interval
  std::optional<double> hi;
  ThresholdVerdict verdict = ThresholdVerdict::undecided;
  std::optional<std::size_t> needed;        // undecided: launches (starts) that would decide, about
  std::optional<std::size_t> needed_calls;  // undecided: so many calls a launch would do as well
  std::string missing;                      // why there is no value, as the end of a sentence
};

struct BenchReport;

// The metrics a threshold can name for this run, in the order of the help.
std::vector<std::string> metrics_of(const BenchReport& report);

// Undecided without a value where the run has no good sample of the metric, or did not measure it;
// `missing` then names the metrics that it has.
ThresholdResult evaluate(const Threshold& threshold, const BenchReport& report);

}  // namespace coldframe
