#include "tests/support/captured_log.hpp"

namespace coldframe::testing {

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::vector<std::string> CapturedLog::lines() const { return split_lines(text_); }

std::vector<std::string> CapturedLog::lines_starting(std::string_view prefix) const {
  auto all = lines();
  std::erase_if(all, [&](const std::string& line) { return !line.starts_with(prefix); });
  return all;
}

}  // namespace coldframe::testing
