// What a benchmark measured: raw samples first, and what follows from them.
//
// Wall and CPU times are milliseconds, because that is what result files and people read. A figure
// that was not measured is absent. Value types; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "emulator/base/error.hpp"
#include "emulator/bench/threshold.hpp"
#include "emulator/model/record.hpp"
#include "emulator/stats/launches.hpp"
#include "emulator/stats/quantile.hpp"

namespace coldframe {

struct BenchSample {
  double latency_ms = 0;   // request handed over → answer received
  double duration_ms = 0;  // REPORT's figure
  std::optional<double> cpu_ms;
  std::optional<double> throttled_ms;
  bool cold = false;
  std::string environment_id;
  std::string error;  // "timeout", "function_error: KeyError", …; empty if it is good
};

struct BenchLaunch {
  std::size_t id = 0;                     // from 1
  std::optional<InitStatus> init_status;  // of the first init
  std::optional<double> init_ms;
  std::optional<double> init_cpu_ms;
  std::optional<std::size_t> warm_up_calls;  // `bench warm`: first calls that do not count as warm
  std::optional<std::int64_t> peak_bytes;
  std::vector<BenchSample> samples;
};

enum class BenchKind { cold, warm };
const char* to_text(BenchKind kind);

struct BenchScenario {
  BenchKind kind = BenchKind::cold;
  std::size_t launches_requested = 0;  // `bench cold` calls them starts
  std::size_t launches = 0;            // made
  std::size_t calls_per_launch = 0;
  std::size_t events = 0;    // different ones, taken in turn
  std::string event_source;  // where they come from: "smoke goldens", "event.json", "{}"
  std::optional<double> max_time_ms;
  bool stopped_early = false;  // by max_time or a signal
};

// Where an interval comes from.
enum class IntervalMethod {
  order_statistics,  // independent samples: one a launch
  launch_medians,    // p50 of calls: order statistics of the launches' medians
  effective_calls,   // other percentiles of calls: as many independent ones (stats/launches.hpp)
  within_launch,     // too few launches: calls as if independent; says nothing about a next launch
};
const char* to_text(IntervalMethod method);

struct BenchEstimate {
  stats::Estimate value;  // n and needed count calls or launches (see method)
  IntervalMethod method = IntervalMethod::order_statistics;
  std::size_t launches = 0;
  std::optional<std::size_t> effective_n;  // effective_calls: so many independent ones
  // Of calls, while there is no such end over launches: about what it takes.
  std::optional<stats::LaunchNeeds> for_hi, for_both_ends;
};

struct MetricSummary {
  std::string key;  // "init_ms", …: the key of result files
  BenchEstimate p50, p90, p95, p99;
  double max = 0;
  double mean = 0;
};

struct BenchReport {
  BenchScenario scenario;
  std::vector<BenchLaunch> launches;
  std::vector<MetricSummary> summary;  // only what was measured
  double cold_ratio = 0;               // cold calls ÷ calls
  std::size_t environments_max = 0;    // at once
  std::size_t throttles = 0;
  std::size_t calls = 0;
  std::size_t errors = 0;  // calls with an error
  std::size_t failed_first_inits = 0;
  std::vector<ThresholdResult> thresholds;
  bool valid = true;
  std::vector<std::string> validity_reasons;  // why not; empty if valid
  bool cannot_start = false;
  int interrupted_by = 0;  // a signal: no threshold is judged
  ExitCode exit_code = ExitCode::ok;
  std::vector<std::string> reasons;  // of the exit code

  // Every launch whose init is known began with one that failed, and there is one.
  bool every_first_init_failed() const;
  const MetricSummary* find(const std::string& key) const;
};

// "every first init failed (error ×38, timeout ×2)", "2 of 40 first inits failed (error ×2)"; empty
// if none did.
std::string failed_first_inits_text(const BenchReport& report);

// "299 starts", "10 launches", "--calls 61, or 12 launches,": what would decide an undecided
// threshold, if the next samples are like these. `needed` must be there.
std::string needed_text(const ThresholdResult& result, BenchKind kind);

}  // namespace coldframe
