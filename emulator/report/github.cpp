#include "emulator/report/github.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace coldframe {

namespace {

constexpr std::size_t k_most_shown = 9;

// A property also ends at a colon or comma; a message does not.
std::string escaped(const std::string& text, bool property) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '%':
        out += "%25";
        break;
      case '\r':
        out += "%0D";
        break;
      case '\n':
        out += "%0A";
        break;
      case ':':
        out += property ? "%3A" : ":";
        break;
      case ',':
        out += property ? "%2C" : ",";
        break;
      default:
        out.push_back(c);
    }
  }
  return out;
}

// What --max-fail excuses does not fail the step, and is there to be seen.
const char* level_of(const CaseResult& result) { return result.excused ? "warning" : "error"; }

std::string annotation(const CaseResult& result) {
  const Finding& finding = result.findings.front();
  std::string message = fmt::format("{}: {}", finding.path, finding.message);
  if (!finding.want.empty()) message += fmt::format("\nwant {}", finding.want);
  if (!finding.got.empty()) message += fmt::format("\ngot  {}", finding.got);
  if (finding.abs && finding.allowed) {
    message += fmt::format("\n|Δ| {:.4g}, allowed {:.4g}", *finding.abs, *finding.allowed);
  }
  const std::string title =
      "golden case " + result.id + (result.excused ? ", excused by --max-fail" : "");
  return fmt::format("::{} file={},line={},title={}::{}\n", level_of(result),
                     escaped(result.file, true), result.line, escaped(title, true),
                     escaped(message, false));
}

}  // namespace

std::string github_annotations(const ValidationReport& report) {
  // GitHub shows ten of each level a step.
  std::size_t errors = 0;
  std::size_t warnings = 0;
  std::string out;
  for (const CaseResult* result : report.worst_first()) {
    if (++(result->excused ? warnings : errors) <= k_most_shown) out += annotation(*result);
  }
  const auto rest = [&](const char* level, std::size_t all, const char* what) {
    if (all <= k_most_shown) return;
    out += fmt::format("::{} title=coldframe validate::and {} more golden cases {}\n", level,
                       all - k_most_shown, what);
  };
  rest("error", errors, "did not pass");
  rest("warning", warnings, "did not pass, excused by --max-fail");
  return out;
}

}  // namespace coldframe
