#include "emulator/cli/quiet_log.hpp"

#include <cstdio>

#include "emulator/cli/options.hpp"
#include "emulator/report/text_table.hpp"
#include "emulator/validate/finding.hpp"

namespace coldframe::cli {
namespace {

constexpr std::size_t k_most_lines = 20;
constexpr std::size_t k_most_bytes = 4096;

bool is_platform_line(std::string_view line) {
  for (const std::string_view start : {"START RequestId: ", "END RequestId: ", "REPORT RequestId: ",
                                       "INIT_REPORT ", R"({"time":)"}) {
    if (!line.starts_with(start)) continue;
    return start.front() != '{' || line.find(R"("type":"platform.)") != std::string_view::npos;
  }
  return false;
}

}  // namespace

void QuietLog::write(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    keep(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

void QuietLog::keep(std::string_view line) {
  if (is_platform_line(line)) return;
  dropped_ = true;
  // The end of a very long line would push out all that explains it.
  tail_.text += shortened(std::string(line), k_most_bytes / 4);
  tail_.text += '\n';
  ++tail_.lines;
  while (tail_.lines > k_most_lines || tail_.text.size() > k_most_bytes) {
    tail_.text.erase(0, tail_.text.find('\n') + 1);
    --tail_.lines;
    ++tail_.lines_before;
  }
}

void QuietLog::on_init(const InitRecord& record) {
  // The second init, inside the invoke, often says less than the first.
  if (record.status != InitStatus::success && (tail_.lines > 0 || !failed_)) failed_ = tail_;
  tail_ = {};
}

void QuietLog::on_invocation(const InvocationRecord& record) {
  if (record.never_started && (tail_.lines > 0 || !failed_)) failed_ = tail_;
  tail_ = {};
}

std::vector<std::string> QuietLog::last_words() const {
  std::vector<std::string> lines;
  if (!failed_) return lines;
  if (failed_->lines_before > 0) {
    lines.push_back("… " + std::to_string(failed_->lines_before) + " lines before; -v shows all");
  }
  std::string_view rest = failed_->text;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    lines.push_back(coldframe::one_line(std::string(rest.substr(0, end))));
    rest.remove_prefix(end + 1);
  }
  return lines;
}

void tell(const QuietLog& log, bool ended_well) {
  if (log.init_failed()) {
    const auto lines = log.last_words();
    if (lines.empty()) return note("the function printed nothing before its init failed");
    print("coldframe: what the function printed before its init failed:\n");
    for (const auto& line : lines)
      print("  " + line + "\n");
  } else if (!ended_well && log.dropped_anything()) {
    note("the function's own log is not shown; -v shows it");
  }
}

}  // namespace coldframe::cli
