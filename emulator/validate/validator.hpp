// Golden-input validation: every case once over a cold start and once more warm.
//
//   Validator validator({.tolerance = {1e-6, 1e-9}});
//   Result<ValidationReport> report = validator.run(function, suite);
//   if (!report) return fail(report.error());        // the emulator failed, or a bad --only
//   if (report.value().interrupted_by != 0) …        // it holds what was measured until then
//   return report.value().exit_code;
//
// Blocking; calls the function and the progress callback on the caller's thread.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "emulator/base/clock.hpp"
#include "emulator/base/error.hpp"
#include "emulator/model/function_under_test.hpp"
#include "emulator/validate/finding.hpp"
#include "emulator/validate/golden_case.hpp"
#include "emulator/validate/judge.hpp"
#include "emulator/validate/tolerance.hpp"

namespace coldframe {

// How many wrong answers still pass: a count, or a share of all cases of the run. A case with no
// answer at all (CaseStatus::error) is never excused.
struct MaxFail {
  double value = 0;
  bool percent = false;
  static Result<MaxFail> parse(const std::string& text);  // "3" or "0.5%"
  std::string text() const;                               // the same again
  bool allows(std::size_t failed, std::size_t total) const;
};

struct ValidateProgress {
  Pass pass = Pass::cold;
  std::size_t done = 0;  // calls made, of both passes
  std::size_t total = 0;
  std::size_t bad = 0;  // cases that did not pass so far
};

struct ValidateOptions {
  Tolerance tolerance;
  std::vector<std::string> only;  // ids; empty: all
  MaxFail max_fail;
  std::optional<Duration> max_time;  // no call begins after it; cases left over are not judged
  const Clock* clock = nullptr;      // what max_time is measured by; the system's unless given
  std::function<void(const ValidateProgress&)> progress;
};

struct CaseResult {
  std::string id;
  std::string file;
  std::size_t line = 0;
  CaseStatus status = CaseStatus::skip;
  bool excused = false;           // it failed, and MaxFail allows that
  std::vector<Finding> findings;  // of both passes, worst first
  std::size_t findings_dropped = 0;
  std::optional<double> max_abs;
  int quantum_flips = 0;  // the larger of the two passes
  int near_cut_flips = 0;
  Duration latency{};  // of both calls together
};

struct ValidationSummary {
  std::size_t total = 0;
  std::size_t passed = 0;
  std::size_t failed = 0;  // the excused ones too
  std::size_t errors = 0;
  std::size_t skipped = 0;
  int quantum_flips = 0;
  int near_cut_flips = 0;
  std::optional<double> max_abs;
  std::size_t excused = 0;
};

// How many cases have their largest |Δ| in (above, up_to]; the first bin holds exact zeros.
struct HistogramBin {
  double above = 0;
  double up_to = 0;
  std::size_t count = 0;
};

struct ValidationReport {
  std::vector<std::string> files;
  Tolerance tolerance;
  std::vector<CaseResult> cases;  // in the order of the goldens
  ValidationSummary summary;
  std::vector<HistogramBin> histogram;  // smallest first; empty decades are left out
  int interrupted_by = 0;               // a signal, before all calls were made
  bool out_of_time = false;             // max_time was over before that
  std::size_t calls = 0;                // made; two a case in a whole run
  bool cannot_start = false;
  std::string start_error;  // "Runtime.ExitError: …", if cannot_start
  ExitCode exit_code = ExitCode::ok;
  std::vector<std::string> reasons;  // one sentence each; empty if all is well
  MaxFail max_fail;                  // in force

  std::vector<const CaseResult*> worst_first() const;  // those that did not pass
};

class Validator {
 public:
  explicit Validator(ValidateOptions options) : options_(std::move(options)) {}
  Result<ValidationReport> run(FunctionUnderTest& function, const GoldenSuite& suite);

 private:
  ValidateOptions options_;
};

}  // namespace coldframe
