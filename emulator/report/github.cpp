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

std::string annotation(const CaseResult& result) {
  const Finding& finding = result.findings.front();
  std::string message = fmt::format("{}: {}", finding.path, finding.message);
  if (!finding.want.empty()) message += fmt::format("\nwant {}", finding.want);
  if (!finding.got.empty()) message += fmt::format("\ngot  {}", finding.got);
  if (finding.abs && finding.allowed) {
    message += fmt::format("\n|Δ| {:.4g}, allowed {:.4g}", *finding.abs, *finding.allowed);
  }
  return fmt::format("::error file={},line={},title={}::{}\n", escaped(result.file, true),
                     result.line, escaped("golden case " + result.id, true),
                     escaped(message, false));
}

}  // namespace

std::string github_annotations(const ValidationReport& report) {
  const std::vector<const CaseResult*> bad = report.worst_first();
  std::string out;
  for (std::size_t i = 0; i < std::min(bad.size(), k_most_shown); ++i)
    out += annotation(*bad[i]);
  if (bad.size() > k_most_shown) {
    out += fmt::format("::error title={}::and {} more golden cases did not pass\n",
                       "coldframe validate", bad.size() - k_most_shown);
  }
  return out;
}

}  // namespace coldframe
