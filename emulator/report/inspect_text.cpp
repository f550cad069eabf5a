#include <fmt/format.h>

#include <algorithm>

#include "emulator/report/inspect_report.hpp"
#include "emulator/report/text_table.hpp"

namespace coldframe {
namespace {

using inspect::Finding;
using inspect::Severity;
using inspect::size_text;

std::string counted(std::size_t count, const char* word) {
  return fmt::format("{} {}{}", count, word, count == 1 ? "" : "s");
}

std::string head_line(const InspectReport& report) {
  const auto& inspection = report.inspection;
  std::string line = one_line(report.target) + "   ";
  if (report.manifest) {
    const ImageManifest& image = *report.manifest;
    constexpr std::size_t k_shown = 19;
    line += fmt::format("{}   {}/{}   {}", image.digest.text().substr(0, k_shown),
                        image.config.os.empty() ? "linux" : one_line(image.config.os),
                        one_line(image.config.architecture), counted(image.layers.size(), "layer"));
  } else {
    line += fmt::format("a directory, for {}", report.architecture);
  }
  if (inspection.files > 0) {
    line += fmt::format("   {}{}   {}", size_text(inspection.bytes),
                        report.manifest ? " of 10 GB" : "", counted(inspection.files, "file"));
  }
  return line + "\n";
}

std::string finding_text(const Finding& finding) {
  std::string text = fmt::format("{:<8} {:<4} {}\n", to_text(finding.severity), finding.id,
                                 one_line(finding.message));
  if (!finding.where.empty()) text += fmt::format("{:14}at   {}\n", "", one_line(finding.where));
  if (!finding.fix.empty()) text += fmt::format("{:14}fix  {}\n", "", one_line(finding.fix));
  return text;
}

std::string shortened(std::string text) {
  constexpr std::size_t k_most = 90;
  text = one_line(std::move(text));
  if (text.size() <= k_most) return text;
  std::size_t end = k_most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
    --end;
  return text.substr(0, end) + "…";
}

}  // namespace

ExitCode InspectReport::exit_code() const {
  const bool failed = std::any_of(inspection.findings.begin(), inspection.findings.end(),
                                  [&](const Finding& one) { return fails(one); });
  return failed ? ExitCode::function_failed : ExitCode::ok;
}

std::string InspectReport::summary() const {
  std::string text;
  for (const auto& [severity, word] :
       {std::pair(Severity::error, "error"), std::pair(Severity::warning, "warning"),
        std::pair(Severity::info, "note")}) {
    const std::size_t count = inspection.count(severity);
    if (count > 0) text += (text.empty() ? "" : ", ") + counted(count, word);
  }
  if (text.empty()) text = "no findings";
  if (!inspection.ignored.empty()) text += fmt::format(", {} ignored", inspection.ignored.size());
  return text;
}

std::string inspect_text(const InspectReport& report) {
  std::string out = head_line(report);
  const auto& inspection = report.inspection;
  if (!inspection.findings.empty()) out += "\n";
  for (const Finding& finding : inspection.findings)
    out += finding_text(finding);
  if (!inspection.ignored.empty()) out += "\n";
  for (const auto& one : inspection.ignored) {
    out += fmt::format("{:<8} {:<4} {} ({})\n", "ignored", one.finding.id,
                       one_line(one.finding.message),
                       one.reason.empty() ? "by --ignore" : one_line(one.reason));
  }
  if (!inspection.biggest.empty()) {
    TextTable table({"what is big", "", ""});
    for (const auto& part : inspection.biggest)
      table.add({size_text(part.bytes), part.kind, shortened(part.name)});
    out += "\n" + table.text();
  }
  const bool failed = report.exit_code() != ExitCode::ok;
  out += fmt::format("\n{}   exit {}   {}\n", failed ? "FAIL" : "PASS",
                     static_cast<int>(report.exit_code()), report.summary());
  return out;
}

}  // namespace coldframe
