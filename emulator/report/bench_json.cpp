#include "emulator/report/bench_json.hpp"

#include <nlohmann/json.hpp>

namespace coldframe {

namespace {

using Json = nlohmann::ordered_json;

Json scenario_json(const BenchScenario& scenario) {
  const bool cold = scenario.kind == BenchKind::cold;
  Json json = {{"kind", to_text(scenario.kind)}};
  json[cold ? "starts_requested" : "launches_requested"] = scenario.launches_requested;
  json[cold ? "starts" : "launches"] = scenario.launches;
  json["calls_per_launch"] = scenario.calls_per_launch;
  json["events"] = scenario.events;
  json["event_source"] = scenario.event_source;
  if (scenario.max_time_ms) json["max_time_ms"] = *scenario.max_time_ms;
  json["stopped_early"] = scenario.stopped_early;
  return json;
}

Json sample_json(const BenchSample& sample) {
  Json json = {{"latency_ms", sample.latency_ms}, {"duration_ms", sample.duration_ms}};
  if (sample.cpu_ms) json["cpu_ms"] = *sample.cpu_ms;
  if (sample.throttled_ms) json["throttled_ms"] = *sample.throttled_ms;
  json["cold"] = sample.cold;
  json["environment_id"] = sample.environment_id;
  if (!sample.error.empty()) json["error"] = sample.error;
  return json;
}

Json launch_json(const BenchLaunch& launch) {
  Json json = {{"id", launch.id}};
  if (launch.init_status) json["init_status"] = to_text(*launch.init_status);
  if (launch.init_ms) json["init_ms"] = *launch.init_ms;
  if (launch.init_cpu_ms) json["init_cpu_ms"] = *launch.init_cpu_ms;
  if (launch.warm_up_calls) json["warm_up_calls"] = *launch.warm_up_calls;
  if (launch.peak_bytes) json["peak_bytes"] = *launch.peak_bytes;
  json["samples"] = Json::array();
  for (const BenchSample& sample : launch.samples)
    json["samples"].push_back(sample_json(sample));
  return json;
}

Json estimate_json(const BenchEstimate& estimate) {
  Json json = {{"estimate", estimate.value.estimate}};
  if (estimate.value.lo) json["lo"] = *estimate.value.lo;
  if (estimate.value.hi) json["hi"] = *estimate.value.hi;
  json["n"] = estimate.value.n;
  if (estimate.value.needed) json["needed"] = *estimate.value.needed;
  json["method"] = to_text(estimate.method);
  if (estimate.method != IntervalMethod::order_statistics) json["launches"] = estimate.launches;
  if (estimate.effective_n) json["effective_n"] = *estimate.effective_n;
  if (estimate.for_hi) {
    json["needed_launches"] = estimate.for_hi->launches;
    if (estimate.for_hi->calls) json["needed_calls"] = *estimate.for_hi->calls;
  }
  return json;
}

Json summary_json(const BenchReport& report) {
  Json json = Json::object();
  if (report.calls > 0) json["failed_first_inits"] = report.failed_first_inits;
  for (const MetricSummary& metric : report.summary) {
    const std::size_t n = metric.p50.value.n;
    json[metric.key] = {{"p50", estimate_json(metric.p50)},
                        {"p90", estimate_json(metric.p90)},
                        {"p95", estimate_json(metric.p95)},
                        {"p99", estimate_json(metric.p99)},
                        {"max", {{"estimate", metric.max}, {"n", n}}},
                        {"mean", {{"estimate", metric.mean}, {"n", n}}}};
  }
  return json;
}

Json threshold_json(const ThresholdResult& result) {
  Json json = {{"expr", result.threshold.expr}};
  if (result.value) json["value"] = *result.value;
  if (result.lo) json["lo"] = *result.lo;
  if (result.hi) json["hi"] = *result.hi;
  json["verdict"] = to_text(result.verdict);
  if (!result.missing.empty()) json["reason"] = result.missing;
  if (result.needed) json["needed"] = *result.needed;
  if (result.needed_calls) json["needed_calls"] = *result.needed_calls;
  return json;
}

}  // namespace

std::string bench_json(const ResultHead& head, const BenchReport& report) {
  ResultDocument document(head);
  document.add("scenario", scenario_json(report.scenario));
  std::vector<std::string> launches;
  for (const BenchLaunch& launch : report.launches) {
    launches.push_back(to_json_text(launch_json(launch)));
  }
  document.add_list("launches", launches);
  document.add("summary", summary_json(report));
  if (report.calls > 0) {
    document.add("cold_ratio", report.cold_ratio);
    document.add("environments_max", report.environments_max);
    document.add("throttles", report.throttles);
  }
  Json thresholds = Json::array();
  for (const ThresholdResult& result : report.thresholds) {
    thresholds.push_back(threshold_json(result));
  }
  document.add("thresholds", thresholds);
  document.add("validity", {{"state", report.valid ? "VALID" : "INVALID"},
                            {"reasons", report.validity_reasons}});
  return document.text();
}

}  // namespace coldframe
