// A validation with one case of every kind: good, 0.5 off, 8 off, without an answer, left out.
//
//   const std::string text = validate_text(sample_report(), {"validate", "fn"});
#pragma once

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "emulator/validate/validator.hpp"

namespace coldframe::report_fixture {

inline Finding number_finding(const std::string& path, double want, double got, double allowed) {
  Finding finding;
  finding.path = path;
  finding.pass = Pass::both;
  finding.want = nlohmann::json(want).dump();
  finding.got = nlohmann::json(got).dump();
  finding.abs = std::abs(got - want);
  finding.allowed = allowed;
  finding.message = "outside the tolerance";
  return finding;
}

inline CaseResult failing(const std::string& id, std::size_t line, Finding finding,
                          CaseStatus status = CaseStatus::fail) {
  CaseResult result;
  result.id = id;
  result.file = "golden/cases.jsonl";
  result.line = line;
  result.status = status;
  result.findings.push_back(std::move(finding));
  result.max_abs = result.findings.front().abs;
  result.latency = std::chrono::milliseconds(12);
  return result;
}

inline ValidationReport sample_report() {
  ValidationReport report;
  report.files = {"golden/cases.jsonl"};
  CaseResult good;
  good.id = "good";
  good.file = report.files[0];
  good.line = 1;
  good.status = CaseStatus::pass;
  good.max_abs = 0.0;
  report.cases.push_back(good);
  report.cases.push_back(failing("small", 2, number_finding("$.a", 1.0, 1.5, 0.1)));
  report.cases.push_back(failing("large", 3, number_finding("$.b", 1.0, 9.0, 0.1)));
  Finding crash;
  crash.kind = FindingKind::no_answer;
  crash.path = "$";
  crash.message = "no answer: timeout (Sandbox.Timedout: after 3.00 seconds)";
  report.cases.push_back(failing("hangs", 4, crash, CaseStatus::error));
  CaseResult skipped = good;
  skipped.id = "left out";
  skipped.status = CaseStatus::skip;
  report.cases.push_back(skipped);
  report.summary = {5, 1, 2, 1, 1, 0, 0, 8.0};
  report.histogram = {{0, 0, 1}, {0.1, 1, 1}, {1, 10, 1}};
  report.exit_code = ExitCode::function_failed;
  report.reasons = {"1 of 5 cases had no answer to judge", "2 of 5 cases failed"};
  return report;
}

}  // namespace coldframe::report_fixture
