#include "emulator/validate/validator.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <utility>

#include "emulator/base/interruption.hpp"

namespace coldframe {

Result<MaxFail> MaxFail::parse(const std::string& text) {
  const Error bad = usage_error(fmt::format(
      "\"{}\" is not a number of failures; write a count like 3 or a share like 0.5%", text));
  MaxFail result;
  result.percent = !text.empty() && text.back() == '%';
  const char* end = text.data() + text.size() - (result.percent ? 1 : 0);
  const auto [stop, error] = std::from_chars(text.data(), end, result.value);
  if (error != std::errc() || stop != end || !(result.value >= 0) || !std::isfinite(result.value)) {
    return bad;
  }
  if (result.percent && result.value > 100) {
    return usage_error(fmt::format("\"{}\" is more than all; a share is 100% at most", text));
  }
  if (!result.percent && std::floor(result.value) != result.value) return bad;
  return result;
}

std::string MaxFail::text() const { return fmt::format("{}{}", value, percent ? "%" : ""); }

bool MaxFail::allows(std::size_t failed, std::size_t total) const {
  const auto count = static_cast<double>(failed);
  return percent ? count * 100 <= value * static_cast<double>(total) : count <= value;
}

namespace {

bool is_worse_status(CaseStatus a, CaseStatus b) {
  const auto weight = [](CaseStatus status) {
    switch (status) {
      case CaseStatus::error:
        return 3;
      case CaseStatus::fail:
        return 2;
      case CaseStatus::pass:
        return 1;
      case CaseStatus::skip:
        return 0;
    }
    return 0;
  };
  return weight(a) > weight(b);
}

// The same finding in both passes becomes one; both lists are worst first, and so is the result.
void merge_findings(std::vector<Finding>& into, std::vector<Finding>&& more) {
  for (Finding& finding : more) {
    const auto same = std::find_if(into.begin(), into.end(), [&](const Finding& known) {
      return known.pass == Pass::cold && finding.pass == Pass::warm &&
             known.same_place_and_value(finding);
    });
    if (same != into.end()) {
      same->pass = Pass::both;
    } else {
      into.push_back(std::move(finding));
    }
  }
  std::stable_sort(into.begin(), into.end(),
                   [](const Finding& a, const Finding& b) { return worse(a, b); });
}

void add_judgement(CaseResult& into, Judgement&& judgement, Pass pass) {
  Comparison& comparison = judgement.comparison;
  for (Finding& finding : comparison.findings)
    finding.pass = pass;
  merge_findings(into.findings, std::move(comparison.findings));
  into.findings_dropped += comparison.findings_dropped;
  if (comparison.max_abs) {
    into.max_abs = std::max(into.max_abs.value_or(0.0), *comparison.max_abs);
  }
  into.quantum_flips = std::max(into.quantum_flips, comparison.quantum_flips);
  into.near_cut_flips = std::max(into.near_cut_flips, comparison.near_cut_flips);
  if (is_worse_status(judgement.status, into.status)) into.status = judgement.status;
}

Result<std::vector<const GoldenCase*>> choose(const GoldenSuite& suite,
                                              const std::vector<std::string>& only) {
  std::vector<const GoldenCase*> chosen;
  std::set<std::string_view> wanted(only.begin(), only.end());
  for (const GoldenCase& golden : suite.cases) {
    if (only.empty() || wanted.erase(golden.id) > 0) chosen.push_back(&golden);
  }
  if (!wanted.empty()) {
    return usage_error(fmt::format("there is no golden case \"{}\" in {}", *wanted.begin(),
                                   fmt::join(suite.files, ", ")));
  }
  return chosen;
}

std::vector<HistogramBin> histogram_of(const std::vector<CaseResult>& cases) {
  // Below 1e-12 all is rounding, above 1e6 all is lost: one bin each is enough.
  constexpr int k_first = -12;
  constexpr int k_last = 6;
  std::vector<HistogramBin> bins = {{0, 0, 0}, {0, std::pow(10.0, k_first), 0}};
  for (int decade = k_first; decade < k_last; ++decade) {
    bins.push_back({std::pow(10.0, decade), std::pow(10.0, decade + 1), 0});
  }
  bins.push_back({std::pow(10.0, k_last), HUGE_VAL, 0});
  for (const CaseResult& result : cases) {
    if (!result.max_abs) continue;
    const auto bin = std::find_if(bins.begin(), bins.end(), [&](const HistogramBin& candidate) {
      return *result.max_abs <= candidate.up_to;
    });
    ++bin->count;
  }
  bins.erase(std::remove_if(bins.begin(), bins.end(),
                            [](const HistogramBin& bin) { return bin.count == 0; }),
             bins.end());
  return bins;
}

bool is_bad(CaseStatus status) { return status == CaseStatus::fail || status == CaseStatus::error; }

// For a case that wanted an error and got one, from a function that never started.
Judgement not_started(const std::string& error) {
  Finding finding;
  finding.kind = FindingKind::no_answer;
  finding.path = "$";
  finding.message = fmt::format("the function did not start: {}", error);
  Judgement judgement;
  judgement.status = CaseStatus::error;
  judgement.comparison.findings.push_back(std::move(finding));
  return judgement;
}

class Run {
 public:
  Run(FunctionUnderTest& function, const ValidateOptions& options,
      std::vector<const GoldenCase*> cases)
      : function_(function), options_(options), cases_(std::move(cases)) {
    for (const GoldenCase* golden : cases_) {
      CaseResult result;
      result.id = golden->id;
      result.file = golden->file;
      result.line = golden->line;
      report_.cases.push_back(std::move(result));
    }
  }

  Result<ValidationReport> go(const GoldenSuite& suite) {
    report_.files = suite.files;
    report_.tolerance = options_.tolerance;
    report_.max_fail = options_.max_fail;
    if (Result<void> ran = run_all(); !ran) {
      report_.interrupted_by = signal_of(ran.error());
      if (report_.interrupted_by == 0) return ran.error();
    }
    if (report_.interrupted_by != 0 || report_.out_of_time) forget_half_runs();
    report_.calls = done_;
    finish();
    return std::move(report_);
  }

 private:
  Result<void> run_all() {
    if (Result<void> fresh = function_.recycle(); !fresh) return fresh.error();
    const SystemClock system;
    const Clock& clock = options_.clock != nullptr ? *options_.clock : system;
    const TimePoint began = clock.now();
    for (const Pass pass : {Pass::cold, Pass::warm}) {
      for (std::size_t i = 0; i < cases_.size() && !report_.cannot_start; ++i) {
        if (options_.max_time && clock.now() - began >= *options_.max_time) {
          report_.out_of_time = true;
          return {};
        }
        if (Result<void> ran = run_case(i, pass); !ran) return ran.error();
      }
    }
    return {};
  }

  // A case passes only if it was right in both passes; nobody knows that of one that had a single.
  void forget_half_runs() {
    for (std::size_t i = done_ > cases_.size() ? done_ - cases_.size() : 0; i < cases_.size();
         ++i) {
      if (report_.cases[i].status == CaseStatus::pass) report_.cases[i].status = CaseStatus::skip;
    }
  }

  Result<void> run_case(std::size_t index, Pass pass) {
    const GoldenCase& golden = *cases_[index];
    Result<Observation> observed = function_.invoke(golden.event);
    if (!observed) return observed.error();
    const Observation& observation = observed.value();
    CaseResult& result = report_.cases[index];
    const bool was_bad = is_bad(result.status);
    result.latency += observation.latency;
    add_judgement(result, judge(golden, observation.result, options_.tolerance), pass);
    const bool first_ever = index == 0 && pass == Pass::cold;
    if (first_ever && failed_to_start(observation)) {
      report_.cannot_start = true;
      report_.start_error = error_summary(observation.result);
      if (!is_bad(result.status)) add_judgement(result, not_started(report_.start_error), pass);
    }
    ++done_;
    if (!was_bad && is_bad(result.status)) ++bad_;
    if (options_.progress) options_.progress({pass, done_, cases_.size() * 2, bad_});
    return {};
  }

  void finish() {
    ValidationSummary& summary = report_.summary;
    summary.total = report_.cases.size();
    for (const CaseResult& result : report_.cases) {
      switch (result.status) {
        case CaseStatus::pass:
          ++summary.passed;
          break;
        case CaseStatus::fail:
          ++summary.failed;
          break;
        case CaseStatus::error:
          ++summary.errors;
          break;
        case CaseStatus::skip:
          ++summary.skipped;
          break;
      }
      summary.quantum_flips += result.quantum_flips;
      summary.near_cut_flips += result.near_cut_flips;
      if (result.max_abs) {
        summary.max_abs = std::max(summary.max_abs.value_or(0.0), *result.max_abs);
      }
    }
    report_.histogram = histogram_of(report_.cases);
    decide();
  }

  void decide() {
    const ValidationSummary& summary = report_.summary;
    if (report_.interrupted_by != 0) {
      report_.exit_code = static_cast<ExitCode>(128 + report_.interrupted_by);
      report_.reasons.push_back(
          fmt::format("interrupted by {} after {} of {} calls; {} of {} cases were not judged",
                      signal_text(report_.interrupted_by), done_, cases_.size() * 2,
                      summary.skipped, summary.total));
      return;
    }
    if (report_.cannot_start) {
      report_.exit_code = ExitCode::cannot_start;
      report_.reasons.push_back(fmt::format("the function cannot start: {}", report_.start_error));
      return;
    }
    const bool has_limit = options_.max_fail.value > 0;
    if (summary.errors > 0) {
      report_.exit_code = ExitCode::function_failed;
      report_.reasons.push_back(fmt::format("{} of {} cases had no answer to judge{}",
                                            summary.errors, summary.total,
                                            has_limit ? ", which --max-fail never excuses" : ""));
    }
    if (!options_.max_fail.allows(summary.failed, summary.total)) {
      report_.exit_code = ExitCode::function_failed;
      report_.reasons.push_back(fmt::format(
          "{} of {} cases failed{}", summary.failed, summary.total,
          has_limit ? fmt::format(", more than --max-fail {} excuses", max_fail_text()) : ""));
    } else if (summary.failed > 0) {
      excuse();
    }
    if (report_.out_of_time) {
      if (report_.exit_code == ExitCode::ok) report_.exit_code = ExitCode::inconclusive;
      report_.reasons.push_back(
          fmt::format("--max-time was over after {} of {} calls; {} of {} cases were not judged",
                      done_, cases_.size() * 2, summary.skipped, summary.total));
    }
  }

  std::string max_fail_text() const { return options_.max_fail.text(); }

  void excuse() {
    constexpr std::size_t k_most_named = 10;
    std::vector<std::string> names;
    for (CaseResult& result : report_.cases) {
      if (result.status != CaseStatus::fail) continue;
      result.excused = true;
      if (++report_.summary.excused <= k_most_named) names.push_back(result.id);
    }
    const std::size_t excused = report_.summary.excused;
    const std::string more =
        excused > k_most_named ? fmt::format(" and {} more", excused - k_most_named) : "";
    report_.reasons.push_back(fmt::format("--max-fail {} excuses {} of {} cases that failed: {}{}",
                                          max_fail_text(), excused, report_.summary.total,
                                          fmt::join(names, ", "), more));
  }

  FunctionUnderTest& function_;
  const ValidateOptions& options_;
  std::vector<const GoldenCase*> cases_;
  std::size_t done_ = 0;
  std::size_t bad_ = 0;
  ValidationReport report_;
};

}  // namespace

std::vector<const CaseResult*> ValidationReport::worst_first() const {
  std::vector<const CaseResult*> bad;
  for (const CaseResult& result : cases) {
    if (is_bad(result.status)) bad.push_back(&result);
  }
  std::stable_sort(bad.begin(), bad.end(), [](const CaseResult* a, const CaseResult* b) {
    return worse(a->findings.front(), b->findings.front());
  });
  return bad;
}

Result<ValidationReport> Validator::run(FunctionUnderTest& function, const GoldenSuite& suite) {
  Result<std::vector<const GoldenCase*>> cases = choose(suite, options_.only);
  if (!cases) return cases.error();
  return Run(function, options_, std::move(cases).value()).go(suite);
}

}  // namespace coldframe
