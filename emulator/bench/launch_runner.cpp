#include "emulator/bench/launch_runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "emulator/base/interruption.hpp"
#include "emulator/validate/judge.hpp"

namespace coldframe {

namespace {

// "error ×38, timeout ×2"
std::string counted_kinds(const std::map<std::string, std::size_t>& kinds) {
  std::string list;
  for (const auto& [kind, times] : kinds) {
    list += fmt::format("{}{} ×{}", list.empty() ? "" : ", ", kind, times);
  }
  return list;
}

}  // namespace

const char* to_text(BenchKind kind) { return kind == BenchKind::cold ? "cold" : "warm"; }

const char* to_text(IntervalMethod method) {
  switch (method) {
    case IntervalMethod::order_statistics:
      return "order_statistics";
    case IntervalMethod::launch_medians:
      return "launch_medians";
    case IntervalMethod::effective_calls:
      return "effective_calls";
    case IntervalMethod::within_launch:
      return "within_launch";
  }
  return "order_statistics";
}

const MetricSummary* BenchReport::find(const std::string& key) const {
  for (const MetricSummary& metric : summary) {
    if (metric.key == key) return &metric;
  }
  return nullptr;
}

bool BenchReport::every_first_init_failed() const {
  return failed_first_inits > 0 &&
         std::none_of(launches.begin(), launches.end(), [](const BenchLaunch& launch) {
           return launch.init_status == InitStatus::success;
         });
}

std::string failed_first_inits_text(const BenchReport& report) {
  if (report.failed_first_inits == 0) return "";
  std::map<std::string, std::size_t> kinds;
  for (const BenchLaunch& launch : report.launches) {
    if (launch.init_status.value_or(InitStatus::success) != InitStatus::success) {
      ++kinds[to_text(*launch.init_status)];
    }
  }
  const std::string which =
      report.every_first_init_failed()
          ? std::string("every first init")
          : fmt::format("{} of {} first inits", report.failed_first_inits, report.launches.size());
  return fmt::format("{} failed ({})", which, counted_kinds(kinds));
}

std::string needed_text(const ThresholdResult& result, BenchKind kind) {
  std::string launches = fmt::format("{} {}", result.needed.value_or(0),
                                     kind == BenchKind::cold ? "starts" : "launches");
  if (!result.needed_calls) return launches;
  return fmt::format("--calls {}, or {},", *result.needed_calls, launches);
}

namespace {

std::string error_of(const InvokeResult& result) {
  if (result.refusal != Refusal::none) return "throttled";
  if (result.status == InvocationStatus::ok && !result.function_error) return "";
  const std::string summary = error_summary(result);
  if (result.status == InvocationStatus::ok) return "function_error: " + summary;
  return fmt::format("{}: {}", to_text(result.status), summary);
}

class LaunchRunner {
 public:
  LaunchRunner(FunctionUnderTest& function, BenchScenario scenario, const BenchOptions& options,
               const Clock& clock)
      : function_(function), options_(options), clock_(clock), began_(clock.now()) {
    report_.scenario = scenario;
    report_.scenario.events = options.events.size();
    report_.scenario.event_source = options.event_source;
    if (options.max_time) report_.scenario.max_time_ms = to_ms(*options.max_time);
  }

  Result<BenchReport> run() {
    BenchScenario& scenario = report_.scenario;
    for (std::size_t i = 0; i < scenario.launches_requested && !report_.cannot_start; ++i) {
      if (i > 0 && options_.max_time && clock_.now() - began_ >= *options_.max_time) {
        scenario.stopped_early = true;
        break;
      }
      if (Result<void> ran = run_launch(); !ran) {
        report_.interrupted_by = signal_of(ran.error());
        if (report_.interrupted_by == 0) return ran.error();
        if (!report_.launches.empty() && report_.launches.back().samples.empty()) {
          report_.launches.pop_back();
        }
        scenario.stopped_early = true;
        break;
      }
      if (options_.progress) {
        options_.progress({i + 1, scenario.launches_requested, report_.errors});
      }
    }
    scenario.launches = report_.launches.size();
    if (report_.calls > 0) {
      report_.cold_ratio = static_cast<double>(cold_) / static_cast<double>(report_.calls);
      report_.environments_max = 1;
    }
    return std::move(report_);
  }

 private:
  Result<void> run_launch() {
    if (Result<void> fresh = function_.recycle(); !fresh) return fresh.error();
    report_.launches.emplace_back();
    BenchLaunch& launch = report_.launches.back();
    launch.id = report_.launches.size();
    for (std::size_t call = 0; call < report_.scenario.calls_per_launch; ++call) {
      if (Result<void> ran = run_call(launch, event_for(launch.id, call)); !ran) return ran.error();
      if (report_.cannot_start) return {};
    }
    return {};
  }

  // `bench cold` gives both calls of a start the same event, so that they differ in warmth alone.
  std::size_t event_for(std::size_t launch_id, std::size_t call) const {
    const bool cold = report_.scenario.kind == BenchKind::cold;
    return (cold ? launch_id - 1 : call) % options_.events.size();
  }

  Result<void> run_call(BenchLaunch& launch, std::size_t event) {
    Result<Observation> observed = function_.invoke(options_.events[event]);
    if (!observed) return observed.error();
    const InvokeResult& result = observed.value().result;
    const InvocationRecord& record = observed.value().record;
    BenchSample sample;
    sample.latency_ms = to_ms(observed.value().latency);
    sample.duration_ms = to_ms(record.duration);
    if (record.cpu) sample.cpu_ms = to_ms(*record.cpu);
    if (record.throttled) sample.throttled_ms = to_ms(*record.throttled);
    sample.cold = record.cold;
    sample.environment_id = record.environment_id;
    if (options_.check && result.refusal == Refusal::none) {
      if (const std::optional<std::string> wrong = options_.check(event, result)) {
        sample.error = error_of(result).empty() ? "wrong_answer: " + *wrong : error_of(result);
      }
    } else {
      sample.error = error_of(result);
    }
    if (launch.samples.empty()) {
      note_first_init(launch, observed.value());
      if (record.init) launch.init_ms = to_ms(*record.init);
      if (record.init_cpu) launch.init_cpu_ms = to_ms(*record.init_cpu);
    }
    if (record.max_memory_used_bytes) {
      launch.peak_bytes = std::max(launch.peak_bytes.value_or(0), *record.max_memory_used_bytes);
    }
    count(sample, result);
    const bool first_ever = report_.calls == 1;
    if (first_ever && failed_to_start(observed.value())) {
      report_.cannot_start = true;
      report_.exit_code = ExitCode::cannot_start;
      report_.reasons.push_back(
          fmt::format("the function cannot start: {}", error_summary(result)));
    }
    launch.samples.push_back(std::move(sample));
    return {};
  }

  void note_first_init(BenchLaunch& launch, const Observation& observed) {
    for (const InitRecord& init : observed.inits) {
      if (init.phase != InitPhase::init) continue;
      launch.init_status = init.status;
      if (init.status != InitStatus::success) ++report_.failed_first_inits;
      return;
    }
  }

  void count(const BenchSample& sample, const InvokeResult& result) {
    ++report_.calls;
    if (sample.cold) ++cold_;
    if (!sample.error.empty()) ++report_.errors;
    if (result.refusal == Refusal::throttled || result.refusal == Refusal::reserved_throttled) {
      ++report_.throttles;
    }
  }

  FunctionUnderTest& function_;
  const BenchOptions& options_;
  const Clock& clock_;
  TimePoint began_;
  std::size_t cold_ = 0;
  BenchReport report_;
};

bool is_wrong_answer(const BenchSample& sample) { return sample.error.starts_with("wrong_answer"); }

// `errors_have_a_limit`: a threshold on `errors` decides about calls that failed. It does not
// excuse wrong answers, nor an environment that was replaced: those samples are not what they seem.
void judge_validity(BenchReport& report, bool errors_have_a_limit) {
  std::map<std::string, std::size_t> kinds;
  std::size_t failed = 0;
  std::size_t replaced = 0;
  for (const BenchLaunch& launch : report.launches) {
    for (const BenchSample& sample : launch.samples) {
      const bool counts = !errors_have_a_limit || is_wrong_answer(sample);
      if (!sample.error.empty() && counts) {
        ++kinds[sample.error.substr(0, sample.error.find(':'))];
        ++failed;
      }
      if (sample.cold && &sample != &launch.samples.front()) ++replaced;
    }
  }
  if (failed > 0) {
    report.validity_reasons.push_back(
        fmt::format("{} of {} calls failed: {}", failed, report.calls, counted_kinds(kinds)));
  }
  if (replaced > 0) {
    report.validity_reasons.push_back(fmt::format(
        "the environment ended and was replaced in the middle of a launch, {} times", replaced));
  }
  report.valid = report.validity_reasons.empty();
}

std::string undecided_reason(const ThresholdResult& result, BenchKind kind) {
  const std::string& expr = result.threshold.expr;
  if (!result.missing.empty()) return fmt::format("{} is undecided: {}", expr, result.missing);
  if (result.needed) {
    return fmt::format("{} is undecided; about {} would decide it", expr,
                       needed_text(result, kind));
  }
  return fmt::format("{} is undecided, and more samples would hardly decide it", expr);
}

// The gravest outcome decides: 1, then 5.
void judge_thresholds(BenchReport& report, const BenchOptions& options) {
  ExitCode code = report.valid ? ExitCode::ok : ExitCode::function_failed;
  for (const std::string& reason : report.validity_reasons)
    report.reasons.push_back(reason);
  for (const Threshold& threshold : options.thresholds) {
    ThresholdResult result = evaluate(threshold, report);
    if (result.verdict == ThresholdVerdict::fail) {
      code = ExitCode::function_failed;
      report.reasons.push_back(fmt::format("{} does not hold{}", threshold.expr,
                                           result.missing.empty() ? "" : ": " + result.missing));
    } else if (result.verdict == ThresholdVerdict::undecided) {
      if (code == ExitCode::ok) code = ExitCode::inconclusive;
      report.reasons.push_back(undecided_reason(result, report.scenario.kind));
    }
    report.thresholds.push_back(std::move(result));
  }
  report.exit_code = code;
}

}  // namespace

Result<BenchReport> run_launches(FunctionUnderTest& function, BenchScenario scenario,
                                 const BenchOptions& options, const Clock& clock) {
  if (options.events.empty()) return usage_error("there is no event to call the function with");
  return LaunchRunner(function, scenario, options, clock).run();
}

void conclude(BenchReport& report, const BenchOptions& options) {
  if (report.interrupted_by != 0) {
    // Part of a run decides no threshold, and its last launch lacks calls.
    judge_validity(report, false);
    const BenchScenario& scenario = report.scenario;
    report.exit_code = static_cast<ExitCode>(128 + report.interrupted_by);
    report.reasons = {fmt::format("interrupted by {} after {} of {} calls",
                                  signal_text(report.interrupted_by), report.calls,
                                  scenario.launches_requested * scenario.calls_per_launch)};
    report.valid = false;
    report.validity_reasons.insert(report.validity_reasons.begin(), report.reasons.front());
    return;
  }
  const bool errors_have_a_limit =
      !report.cannot_start &&
      std::any_of(options.thresholds.begin(), options.thresholds.end(),
                  [](const Threshold& threshold) { return threshold.metric == "errors"; });
  judge_validity(report, errors_have_a_limit);
  if (!report.cannot_start) judge_thresholds(report, options);
}

}  // namespace coldframe
