#include "emulator/report/text_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace coldframe {

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string TextTable::text(std::string_view indent) const {
  std::vector<std::size_t> widths;
  for (const std::vector<std::string>& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string out;
  for (const std::vector<std::string>& row : rows_) {
    std::string line(indent);
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - width_of(row[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

namespace {

std::string three_digits(double value) {
  if (value >= 99.95) return fmt::format("{:.0f}", value);
  if (value >= 9.995) return fmt::format("{:.1f}", value);
  return fmt::format("{:.2f}", value);
}

}  // namespace

std::string time_text(double ms) {
  if (ms >= 999.5) return three_digits(ms / 1000.0) + " s";
  if (ms >= 0.9995) return three_digits(ms) + " ms";
  return fmt::format("{:.0f} µs", ms * 1000.0);
}

std::string bytes_text(double bytes) { return fmt::format("{:.0f} MB", bytes / (1024.0 * 1024.0)); }

std::string number_text(double value) {
  if (std::isinf(value)) return value > 0 ? "∞" : "-∞";
  return fmt::format("{:.4g}", value);
}

std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return text;
}

}  // namespace coldframe
