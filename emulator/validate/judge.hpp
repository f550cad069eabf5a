// One answer held against one golden case.
//
//   Judgement j = judge(golden, observation.result, {});
//   if (j.status == CaseStatus::fail) show(j.comparison.findings.front());
//
// Pure functions; any thread.
#pragma once

#include <string>

#include "emulator/model/function_under_test.hpp"
#include "emulator/validate/compare.hpp"
#include "emulator/validate/golden_case.hpp"

namespace coldframe {

enum class CaseStatus {
  pass,
  fail,   // the function answered, and not as wanted
  error,  // there is no answer to judge: timeout, crash, out of memory, failed init
  skip,   // not run
};
const char* to_text(CaseStatus status);

struct Judgement {
  CaseStatus status = CaseStatus::pass;
  Comparison comparison;
};

Judgement judge(const GoldenCase& golden, const InvokeResult& result, const Tolerance& base);

// The function could not be started: its init failed, or was still going on at the timeout. A
// function whose second init worked has started, whatever it did then.
bool failed_to_start(const Observation& observation);

// "KeyError: 'body'" out of an AWS error body, or the start of the body if it is not one.
std::string error_summary(const InvokeResult& result);

}  // namespace coldframe
