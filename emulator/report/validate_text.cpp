#include "emulator/report/validate_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "emulator/report/text_table.hpp"

namespace coldframe {

namespace {

constexpr std::size_t k_most_shown = 10;
// Longer lists of ids are no command that anybody would copy; a shell takes no word over 128 KiB.
constexpr std::size_t k_most_id_bytes = 4000;
constexpr std::size_t k_widest_value = 40;

std::string counts_line(const ValidationSummary& summary) {
  std::string line = fmt::format("cases  {}   pass {}   fail {}   error {}", summary.total,
                                 summary.passed, summary.failed, summary.errors);
  if (summary.skipped > 0) line += fmt::format("   skipped {}", summary.skipped);
  return line + fmt::format("   near-cut flips {}   quantum flips {}\n", summary.near_cut_flips,
                            summary.quantum_flips);
}

std::string bin_label(const HistogramBin& bin) {
  if (bin.up_to == 0) return "0";
  const auto exponent = [](double limit) { return std::lround(std::log10(limit)); };
  if (!std::isfinite(bin.up_to)) return fmt::format(">1e{}", exponent(bin.above));
  return fmt::format("≤1e{}", exponent(bin.up_to));
}

// "|Δ|    0 ▇▇▇▇ 968   ≤1e-4 ▁ 15"
std::string histogram_line(const std::vector<HistogramBin>& bins) {
  if (bins.empty()) return "";
  std::size_t most = 0;
  for (const HistogramBin& bin : bins)
    most = std::max(most, bin.count);
  std::string line = "|Δ|  ";
  for (const HistogramBin& bin : bins) {
    const std::size_t length = bin.count * 8 / most;
    std::string bar = length == 0 ? "▁" : "";
    for (std::size_t i = 0; i < length; ++i)
      bar += "▇";
    line += fmt::format("  {} {} {}", bin_label(bin), bar, bin.count);
  }
  return line + "\n";
}

std::vector<std::string> worst_row(const CaseResult& result) {
  const Finding& finding = result.findings.front();
  const std::string dash = "–";
  const bool numeric = finding.abs && finding.allowed;
  const auto value = [&](const std::string& text) {
    return text.empty() ? dash : one_line(shortened(text, k_widest_value));
  };
  std::vector<std::string> row = {result.id, finding.path, value(finding.want), value(finding.got)};
  row.push_back(finding.abs ? number_text(*finding.abs) : dash);
  row.push_back(numeric ? number_text(*finding.allowed) : dash);
  row.push_back(numeric ? number_text(*finding.over()) : dash);
  // The columns say all of a number that is off; everything else needs its sentence.
  if (finding.kind != FindingKind::number) row.push_back(one_line(shortened(finding.message, 100)));
  return row;
}

std::string worst_table(const std::vector<const CaseResult*>& bad, bool all) {
  TextTable table({"case", "path", "want", "got", "|Δ|", "allowed", "×over"});
  const std::size_t shown = all ? bad.size() : std::min(bad.size(), k_most_shown);
  for (std::size_t i = 0; i < shown; ++i)
    table.add(worst_row(*bad[i]));
  std::string text = "worst\n" + table.text("  ");
  if (bad.size() > shown) {
    text += fmt::format("  and {} more; -v, --json FILE or --junit FILE lists them all\n",
                        bad.size() - shown);
  }
  return text;
}

// What is right at first and wrong later is of what the handler keeps between calls.
std::string warm_only_line(const std::vector<const CaseResult*>& bad) {
  std::string ids;
  std::size_t count = 0;
  for (const CaseResult* result : bad) {
    const bool warm_only =
        result->status == CaseStatus::fail &&
        std::all_of(result->findings.begin(), result->findings.end(), [](const Finding& finding) {
          return finding.severity == Severity::warning || finding.pass == Pass::warm;
        });
    if (warm_only && ++count <= 3) ids += (ids.empty() ? "" : ", ") + result->id;
  }
  if (count == 0) return "";
  return fmt::format("warm   {} case{} right in the cold pass and wrong in the warm one: {}{}\n",
                     count, count == 1 ? " was" : "s were", ids, count > 3 ? ", …" : "");
}

// The example is a rule that matches nothing, if there is one: it may be why all else passes.
std::string warnings_line(const ValidationReport& report) {
  std::size_t cases = 0;
  const Finding* example = nullptr;
  const CaseResult* owner = nullptr;
  for (const CaseResult& result : report.cases) {
    const auto warning =
        std::find_if(result.findings.begin(), result.findings.end(),
                     [](const Finding& finding) { return finding.severity == Severity::warning; });
    if (warning == result.findings.end()) continue;
    const auto unmatched = std::find_if(warning, result.findings.end(), [](const Finding& finding) {
      return finding.kind == FindingKind::unmatched_rule;
    });
    const bool telling = unmatched != result.findings.end();
    ++cases;
    if (example != nullptr && (!telling || example->kind == FindingKind::unmatched_rule)) continue;
    example = telling ? &*unmatched : &*warning;
    owner = &result;
  }
  if (cases == 0) return "";
  return fmt::format("warn   {} case{} with warnings; {} at {}: {}\n", cases, cases == 1 ? "" : "s",
                     owner->id, example->path, one_line(example->message));
}

// Ids go into a shell command.
std::string shell_quoted(const std::string& text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_.,/:@=+").find(c) != std::string_view::npos;
  });
  if (plain && !text.empty()) return text;
  std::string quoted = "'";
  for (const char c : text)
    quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

// Options of the whole run: another choice of cases, the reports that would be overwritten by those
// of a part, and a limit that would excuse other cases there.
constexpr std::array<std::string_view, 5> k_not_again{"--only", "--failed-from", "--json",
                                                      "--junit", "--max-fail"};

// The command as it was typed, with these cases alone: the choice goes before a `--`, behind which
// all belongs to the bootstrap.
std::string again_line(const std::vector<std::string>& words, const std::string& choice,
                       const std::string& program) {
  std::string line = "again  " + shell_quoted(program);
  bool placed = false;
  const auto place = [&] {
    if (!placed) line += " " + choice;
    placed = true;
  };
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string option = words[i].substr(0, words[i].find('='));
    if (!placed && std::count(k_not_again.begin(), k_not_again.end(), option) > 0) {
      if (option == words[i]) ++i;  // and its value
      continue;
    }
    if (words[i] == "--") place();
    line += " " + shell_quoted(words[i]);
  }
  place();
  return line + "\n";
}

// Every case that did not pass: by id, or through the result file where there are many of them.
std::string again_text(const std::vector<const CaseResult*>& bad,
                       const std::vector<std::string>& words, const ValidateTextOptions& options) {
  if (bad.size() > k_most_shown && !options.result_file.empty()) {
    return again_line(words, "--failed-from " + shell_quoted(options.result_file), options.program);
  }
  std::string ids;
  for (const CaseResult* result : bad)
    ids += (ids.empty() ? "" : ",") + result->id;
  if (ids.size() <= k_most_id_bytes) {
    return again_line(words, "--only " + shell_quoted(ids), options.program);
  }
  return fmt::format(
      "again  {} ids are too many for a command; write --json FILE, then run these cases alone "
      "with --failed-from FILE\n",
      bad.size());
}

const char* verdict_word(const ValidationReport& report) {
  if (report.interrupted_by != 0) return "STOPPED";
  return report.exit_code == ExitCode::inconclusive ? "UNDECIDED" : "FAIL";
}

std::string verdict_line(const ValidationReport& report, const std::vector<std::string>& words,
                         const ValidateTextOptions& options) {
  if (report.exit_code == ExitCode::ok) {
    const ValidationSummary& summary = report.summary;
    const std::string line =
        fmt::format("PASS   {} of {} cases, cold and warm", summary.passed, summary.total);
    if (summary.excused == 0) return line + "\n";
    return line +
           fmt::format("; {}\n", one_line(fmt::format("{}", fmt::join(report.reasons, "; ")))) +
           again_text(report.worst_first(), words, options);
  }
  std::string line =
      fmt::format("{}   exit {}   {}\n", verdict_word(report), static_cast<int>(report.exit_code),
                  one_line(fmt::format("{}", fmt::join(report.reasons, "; "))));
  if (report.cannot_start || report.worst_first().empty()) return line;
  return line + again_text(report.worst_first(), words, options);
}

}  // namespace

std::string validate_text(const ValidationReport& report, const std::vector<std::string>& words,
                          const ValidateTextOptions& options) {
  std::string text = counts_line(report.summary);
  if (report.cannot_start) return text + verdict_line(report, words, options);
  text += histogram_line(report.histogram);
  const std::vector<const CaseResult*> bad = report.worst_first();
  if (!bad.empty()) text += worst_table(bad, options.all);
  return text + warm_only_line(bad) + warnings_line(report) + verdict_line(report, words, options);
}

}  // namespace coldframe
