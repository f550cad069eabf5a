#include "emulator/bench/summary.hpp"

#include <algorithm>

#include "emulator/stats/launches.hpp"

namespace coldframe {

namespace {

const BenchSample* good_sample(const BenchLaunch& launch, std::size_t index, bool cold) {
  if (launch.samples.size() <= index) return nullptr;
  const BenchSample& sample = launch.samples[index];
  return sample.error.empty() && sample.cold == cold ? &sample : nullptr;
}

std::optional<double> value_of(const BenchLaunch& launch, const std::string& metric) {
  const BenchSample* first = good_sample(launch, 0, true);
  const BenchSample* second = good_sample(launch, 1, false);
  if (metric == "peak") {
    if (!launch.peak_bytes) return std::nullopt;
    return static_cast<double>(*launch.peak_bytes);
  }
  if (metric == "init" && first != nullptr) return launch.init_ms;
  if (metric == "init.cpu" && first != nullptr) return launch.init_cpu_ms;
  if (metric == "first" && first != nullptr) return first->duration_ms;
  if (metric == "first.cpu" && first != nullptr) return first->cpu_ms;
  if (metric == "first.latency" && first != nullptr) return first->latency_ms;
  // Where a first init failed, the call's duration holds the second one only: what the caller
  // waited for is the latency.
  if (metric == "cold" && first != nullptr) {
    return launch.init_ms ? *launch.init_ms + first->duration_ms : first->latency_ms;
  }
  if (metric == "second" && second != nullptr) return second->duration_ms;
  if (metric == "second.cpu" && second != nullptr) return second->cpu_ms;
  return std::nullopt;
}

std::vector<double> pooled(const std::vector<std::vector<double>>& launches) {
  std::vector<double> all;
  for (const std::vector<double>& calls : launches) {
    all.insert(all.end(), calls.begin(), calls.end());
  }
  return all;
}

void add_metric(BenchReport& report, std::string key, const std::vector<double>& values) {
  if (values.empty()) return;
  const stats::Sample sample(values);
  MetricSummary metric;
  metric.key = std::move(key);
  const auto at = [&](double p) {
    BenchEstimate estimate;
    estimate.value = sample.percentile(p);
    estimate.launches = values.size();
    return estimate;
  };
  metric.p50 = at(0.50);
  metric.p90 = at(0.90);
  metric.p95 = at(0.95);
  metric.p99 = at(0.99);
  metric.max = sample.max();
  metric.mean = sample.mean();
  report.summary.push_back(std::move(metric));
}

void add_call_metric(BenchReport& report, std::string key, Call which) {
  const std::vector<std::vector<double>> launches = call_values(report, which);
  if (launches.empty()) return;
  const stats::Sample sample(pooled(launches));
  MetricSummary metric;
  metric.key = std::move(key);
  metric.p50 = launch_percentile(launches, 0.50);
  metric.p90 = launch_percentile(launches, 0.90);
  metric.p95 = launch_percentile(launches, 0.95);
  metric.p99 = launch_percentile(launches, 0.99);
  metric.max = sample.max();
  metric.mean = sample.mean();
  report.summary.push_back(std::move(metric));
}

}  // namespace

std::vector<double> launch_values(const BenchReport& report, const std::string& metric) {
  std::vector<double> values;
  for (const BenchLaunch& launch : report.launches) {
    if (const std::optional<double> value = value_of(launch, metric)) values.push_back(*value);
  }
  return values;
}

std::vector<std::vector<double>> call_values(const BenchReport& report, Call which) {
  std::vector<std::vector<double>> launches;
  for (const BenchLaunch& launch : report.launches) {
    std::vector<double> calls;
    for (std::size_t i = launch.warm_up_calls.value_or(0); i < launch.samples.size(); ++i) {
      const BenchSample& sample = launch.samples[i];
      if (!sample.error.empty() || sample.cold) continue;
      if (which == Call::duration) calls.push_back(sample.duration_ms);
      if (which == Call::latency) calls.push_back(sample.latency_ms);
      if (which == Call::cpu && sample.cpu_ms) calls.push_back(*sample.cpu_ms);
    }
    if (!calls.empty()) launches.push_back(std::move(calls));
  }
  return launches;
}

// With enough launches the interval is over launches. For p50 these are five, and it is the order
// statistics of their medians; a tail may lie in a few launches only, so there each call counts as
// much as the launches' likeness allows.
BenchEstimate launch_percentile(const std::vector<std::vector<double>>& launches, double p) {
  const bool median = p == 0.5;
  BenchEstimate result;
  result.launches = launches.size();
  if (!median) {
    const stats::LaunchEstimate tail = stats::launch_percentile(launches, p);
    result.value = tail.value;
    result.method = IntervalMethod::effective_calls;
    result.effective_n = tail.independent;
    if (!tail.value.hi) result.for_hi = tail.for_hi;
    if (!tail.value.lo) result.for_both_ends = tail.for_both_ends;
    if (launches.size() >= stats::needed_for_upper_bound(0.5)) return result;
  } else if (launches.size() < stats::needed_for_upper_bound(p)) {
    result.for_hi = stats::LaunchNeeds{stats::needed_for_upper_bound(p), {}};
    result.for_both_ends = stats::LaunchNeeds{stats::needed_for_two_sided(p), {}};
  }
  if (launches.size() < stats::needed_for_upper_bound(0.5)) {
    result.value = stats::Sample(pooled(launches)).percentile(p);
    result.method = IntervalMethod::within_launch;
    result.effective_n.reset();
    return result;
  }
  result.method = IntervalMethod::launch_medians;
  const stats::Sample all(pooled(launches));
  result.value.n = all.size();
  result.value.estimate = all.value(p);
  std::vector<double> medians;
  for (const std::vector<double>& calls : launches)
    medians.push_back(stats::Sample(calls).value(0.5));
  const stats::Estimate of_medians = stats::Sample(medians).percentile(0.5);
  // The figure shown is that of all calls; an interval that left it out would only confuse.
  if (of_medians.lo) {
    result.value.lo = std::min(*of_medians.lo, result.value.estimate);
  } else {
    result.for_both_ends = stats::LaunchNeeds{stats::needed_for_two_sided(p), {}};
  }
  result.value.hi = std::max(*of_medians.hi, result.value.estimate);
  return result;
}

void add_summary(BenchReport& report) {
  add_metric(report, "init_ms", launch_values(report, "init"));
  add_metric(report, "init_cpu_ms", launch_values(report, "init.cpu"));
  add_metric(report, "first_ms", launch_values(report, "first"));
  if (report.scenario.kind == BenchKind::cold) {
    add_metric(report, "cold_ms", launch_values(report, "cold"));
    add_metric(report, "warm_ms", launch_values(report, "second"));
    add_metric(report, "latency_ms", launch_values(report, "first.latency"));
    add_metric(report, "cpu_ms", launch_values(report, "first.cpu"));
  } else {
    add_call_metric(report, "warm_ms", Call::duration);
    add_call_metric(report, "latency_ms", Call::latency);
    add_call_metric(report, "cpu_ms", Call::cpu);
  }
  add_metric(report, "peak_bytes", launch_values(report, "peak"));
}

}  // namespace coldframe
