#include "emulator/report/bench_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "emulator/report/text_table.hpp"
#include "emulator/stats/launches.hpp"
#include "emulator/validate/finding.hpp"

namespace coldframe {

namespace {

std::string without_unit(const std::string& text, const std::string& unit) {
  const bool same =
      text.size() > unit.size() && text.compare(text.size() - unit.size(), unit.size(), unit) == 0;
  return same ? text.substr(0, text.size() - unit.size()) : text;
}

// "1.48 s [1.46, 1.52]": the unit once where all share it.
std::string estimate_text(const BenchEstimate& estimate, std::string (*shown)(double),
                          const char* percentile, const char* samples) {
  const stats::Estimate& value = estimate.value;
  if (!value.hi && estimate.for_hi) {
    return fmt::format("{} needs ≈ {} launches (have {})", percentile, estimate.for_hi->launches,
                       estimate.launches);
  }
  if (!value.hi) {
    return fmt::format("{} needs ≥ {} {} (have {})", percentile, value.needed.value_or(0), samples,
                       value.n);
  }
  const std::string main = shown(value.estimate);
  const std::string unit = main.substr(main.rfind(' '));
  const std::string hi = without_unit(shown(*value.hi), unit);
  if (!value.lo) return fmt::format("{} [≤ {}]", main, hi);
  return fmt::format("{} [{}, {}]", main, without_unit(shown(*value.lo), unit), hi);
}

const char* label_of(const std::string& key, BenchKind kind) {
  const bool cold = kind == BenchKind::cold;
  if (key == "init_ms") return "init";
  if (key == "init_cpu_ms") return "init CPU";
  if (key == "first_ms") return "first call";
  if (key == "cold_ms") return "cold: init + first";
  if (key == "warm_ms") return cold ? "second call" : "warm call";
  if (key == "latency_ms") return cold ? "latency, cold" : "latency";
  if (key == "cpu_ms") return cold ? "first call CPU" : "warm call CPU";
  return "peak memory";
}

std::string counted(std::size_t n, const char* one, const char* many) {
  return fmt::format("{} {}", n, n == 1 ? one : many);
}

// What was sent decides what the figures mean.
std::string event_line(const BenchScenario& scenario) {
  if (scenario.event_source == "smoke goldens") {
    return fmt::format("events: {}\n", counted(scenario.events, "smoke golden", "smoke goldens"));
  }
  if (scenario.event_source.empty()) return "";
  return fmt::format("event: {}\n", one_line(scenario.event_source));
}

std::string head_line(const BenchReport& report, const std::string& name) {
  const BenchScenario& scenario = report.scenario;
  std::string line;
  if (scenario.kind == BenchKind::cold) {
    line = fmt::format("bench cold  {}   {}{}", name, counted(scenario.launches, "start", "starts"),
                       report.cannot_start ? "" : ", one cold and one second call each");
  } else {
    line = fmt::format("bench warm  {}   {} of {} calls, the first cold", name,
                       counted(scenario.launches, "launch", "launches"), scenario.calls_per_launch);
  }
  if (scenario.stopped_early && report.interrupted_by == 0) {
    line += fmt::format("; stopped by --max-time ({} asked for)", scenario.launches_requested);
  }
  return line + "\n" + event_line(scenario);
}

std::string metric_table(const BenchReport& report) {
  if (report.summary.empty()) return "";
  TextTable table({"", "p50 [95 %]", "p90 [95 %]", "p99 [95 %]", "max"});
  for (const MetricSummary& metric : report.summary) {
    const bool bytes = metric.key == "peak_bytes";
    std::string (*shown)(double) = bytes ? bytes_text : time_text;
    const bool by_start = metric.p50.method == IntervalMethod::order_statistics;
    const char* launches = report.scenario.kind == BenchKind::cold ? "starts" : "launches";
    const char* samples = by_start ? launches : "calls";
    table.add({label_of(metric.key, report.scenario.kind),
               estimate_text(metric.p50, shown, "p50", samples),
               estimate_text(metric.p90, shown, "p90", samples),
               estimate_text(metric.p99, shown, "p99", samples), shown(metric.max)});
  }
  return table.text();
}

// What the calls that were left out of a launch took together, without its init: the median.
double warm_up_cost(const BenchReport& report) {
  std::vector<double> costs;
  for (const BenchLaunch& launch : report.launches) {
    if (!launch.warm_up_calls) continue;
    double cost = 0;
    for (std::size_t i = 0; i < *launch.warm_up_calls && i < launch.samples.size(); ++i)
      cost += launch.samples[i].duration_ms;
    costs.push_back(cost);
  }
  return stats::Sample(std::move(costs)).value(0.5);
}

std::string warm_up_line(const BenchReport& report) {
  if (report.scenario.kind != BenchKind::warm || report.launches.empty()) return "";
  std::size_t least = 0;
  std::size_t most = 0;
  bool capped = false;
  bool found = false;
  for (const BenchLaunch& launch : report.launches) {
    if (!launch.warm_up_calls) continue;
    const std::size_t calls = *launch.warm_up_calls;
    least = found ? std::min(least, calls) : calls;
    most = std::max(most, calls);
    found = true;
    capped = capped || (calls > 1 && calls * 2 >= launch.samples.size());
  }
  if (!found) return "warm-up: none to find, since no warm call was good\n";
  const std::string range =
      least == most ? std::to_string(least) : fmt::format("{} to {}", least, most);
  std::string line =
      fmt::format("warm-up: the first {} call{} of a launch left out (found); together {}\n", range,
                  most == 1 ? "" : "s", time_text(warm_up_cost(report)));
  if (capped) line += "  a launch was still warming up after half of its calls; use more --calls\n";
  return line;
}

std::string method_lines(const BenchReport& report) {
  if (report.summary.empty()) return "";
  std::string text = "percentiles: nearest rank, ceil(p·n), of raw samples";
  const MetricSummary* calls = report.find("warm_ms");
  if (report.scenario.kind == BenchKind::cold) {
    return text + "; intervals: order statistics\n";
  }
  if (calls == nullptr) return text + "\n";
  if (calls->p50.method == IntervalMethod::within_launch) {
    return text + fmt::format(
                      "; intervals of calls hold within {} only and say nothing about the "
                      "next launch (needs ≥ {} launches)\n",
                      calls->p50.launches == 1 ? "this launch" : "these launches",
                      calls->p50.for_hi ? calls->p50.for_hi->launches : 0);
  }
  return text + "; intervals of calls: over launches\n";
}

// Two digits, and 100 as people write it.
std::string percent_text(double share) {
  const double percent = 100.0 * share;
  return percent >= 99.5 ? fmt::format("{:.0f}", percent) : fmt::format("{:.2g}", percent);
}

std::string most_frequent_error(const BenchReport& report) {
  std::map<std::string, std::size_t> times;
  const std::string* most = nullptr;
  for (const BenchLaunch& launch : report.launches) {
    for (const BenchSample& sample : launch.samples) {
      if (!sample.error.empty()) ++times[sample.error];
    }
  }
  for (const auto& [error, count] : times) {
    if (most == nullptr || count > times[*most]) most = &error;
  }
  return most == nullptr ? "" : *most;
}

std::string errors_line(const BenchReport& report) {
  if (report.errors == 0) return "";
  stats::Launches failed;
  for (const BenchLaunch& launch : report.launches) {
    if (launch.samples.empty()) continue;
    failed.emplace_back();
    for (const BenchSample& sample : launch.samples)
      failed.back().push_back(sample.error.empty() ? 0.0 : 1.0);
  }
  std::string line = fmt::format(
      "errors: {} of {} calls, {} %", report.errors, report.calls,
      percent_text(static_cast<double>(report.errors) / static_cast<double>(report.calls)));
  if (!failed.empty()) {
    const stats::Interval share = stats::launch_share(failed);
    line += fmt::format(" [{}, {}]", percent_text(share.lo), percent_text(share.hi));
  }
  const std::string error = most_frequent_error(report);
  if (!error.empty()) line += "; most often " + one_line(shortened(error, 200));
  return line + "\n";
}

// A first init that failed has no figure of its own, but the caller has waited for it.
std::string repeated_init_line(const BenchReport& report) {
  if (report.failed_first_inits == 0 || report.cannot_start) return "";
  return fmt::format("init: {}, and ran again inside the call; cold is the latency there\n",
                     failed_first_inits_text(report));
}

std::string threshold_value(const Threshold& threshold, double value) {
  if (threshold.metric == "errors" && !threshold.as_share) return fmt::format("{:.0f}", value);
  if (threshold.metric == "errors" || threshold.metric == "cold.ratio") {
    return fmt::format("{:.3g} %", value * 100.0);
  }
  return threshold.metric == "memory.peak" ? bytes_text(value) : time_text(value);
}

std::string threshold_lines(const BenchReport& report) {
  if (report.thresholds.empty()) return "";
  TextTable table({"threshold", "measured", "95 %", "verdict"});
  bool wall = false;
  for (const ThresholdResult& result : report.thresholds) {
    const Threshold& threshold = result.threshold;
    const auto end = [&](const std::optional<double>& value) {
      return value ? threshold_value(threshold, *value) : std::string("?");
    };
    std::string verdict = to_text(result.verdict);
    if (result.needed) {
      verdict += fmt::format(" (about {} would decide)", needed_text(result, report.scenario.kind));
    }
    if (!result.missing.empty()) {
      verdict += result.verdict == ThresholdVerdict::fail ? " (no init worked at first)"
                                                          : " (not measured)";
    }
    const bool bounded = result.lo || result.hi;
    table.add({threshold.expr, result.value ? threshold_value(threshold, *result.value) : "–",
               bounded ? fmt::format("[{}, {}]", end(result.lo), end(result.hi)) : "", verdict});
    const bool anywhere = threshold.metric == "init.cpu" || threshold.metric == "warm.cpu" ||
                          threshold.metric == "memory.peak" || threshold.metric == "cold.ratio" ||
                          threshold.metric == "errors";
    wall = wall || !anywhere;
  }
  return table.text() + (wall ? "wall times hold for this machine only; CPU times and ratios for "
                                "any\n"
                              : "");
}

// Whether the table above shows one; with no table there is nothing to excuse.
bool has_any_percentile(const BenchReport& report) {
  const auto is_shown = [](const BenchEstimate& estimate) { return estimate.value.hi.has_value(); };
  return report.summary.empty() ||
         std::any_of(report.summary.begin(), report.summary.end(), [&](const MetricSummary& one) {
           return is_shown(one.p50) || is_shown(one.p90) || is_shown(one.p99);
         });
}

}  // namespace

std::string bench_text(const BenchReport& report, const std::string& function_name) {
  std::string text = head_line(report, function_name) + metric_table(report) +
                     warm_up_line(report) + repeated_init_line(report) + method_lines(report) +
                     errors_line(report) + threshold_lines(report);
  text += !report.valid                ? "INVALID"
          : has_any_percentile(report) ? "VALID"
                                       : "VALID, but too few for any percentile";
  for (const std::string& reason : report.validity_reasons)
    text += "  " + one_line(reason);
  text += "\n";
  if (report.exit_code != ExitCode::ok) {
    const bool undecided = report.exit_code == ExitCode::inconclusive;
    const char* verdict = report.interrupted_by != 0 ? "STOPPED" : undecided ? "UNDECIDED" : "FAIL";
    text += fmt::format("{}   exit {}   {}\n", verdict, static_cast<int>(report.exit_code),
                        one_line(fmt::format("{}", fmt::join(report.reasons, "; "))));
  }
  return text;
}

}  // namespace coldframe
