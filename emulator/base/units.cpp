#include "emulator/base/units.hpp"

#include <charconv>
#include <cmath>

namespace coldframe {
namespace {

// Splits "250ms" into 250 and "ms".
bool split(std::string_view text, double& value, std::string_view& unit) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || !std::isfinite(value)) return false;
  unit = text.substr(static_cast<std::size_t>(end - text.data()));
  while (!unit.empty() && unit.front() == ' ')
    unit.remove_prefix(1);
  return true;
}

std::string quoted(std::string_view what, std::string_view text) {
  return std::string(what) + ": '" + std::string(text) + "' ";
}

}  // namespace

std::optional<double> unit_in_ms(std::string_view unit) {
  if (unit == "us") return 1e-3;
  if (unit == "ms") return 1.0;
  if (unit == "s") return 1e3;
  if (unit == "m" || unit == "min") return 60e3;
  if (unit == "h") return 3600e3;
  return std::nullopt;
}

Result<Duration> parse_duration(std::string_view text, std::string_view what) {
  double value = 0;
  std::string_view unit;
  const bool number = split(text, value, unit);
  if (number && unit.empty()) {
    return usage_error(quoted(what, text) + "needs a unit of time; write 250ms, 3s or 5m");
  }
  const auto scale = number ? unit_in_ms(unit) : std::nullopt;
  if (!scale) {
    return usage_error(quoted(what, text) + "is not a duration; write 250ms, 3s or 5m");
  }
  const double nanoseconds = value * *scale * 1e6;
  if (value < 0 || nanoseconds > 3.2e17) {
    return usage_error(quoted(what, text) + "is out of range");
  }
  return Duration(static_cast<std::int64_t>(std::llround(nanoseconds)));
}

Result<int> parse_seconds(std::string_view text, std::string_view what) {
  double value = 0;
  std::string_view unit;
  std::optional<double> scale;
  if (split(text, value, unit)) scale = unit.empty() ? 1e3 : unit_in_ms(unit);
  const double seconds = value * scale.value_or(0) / 1e3;
  if (!scale || seconds != std::floor(seconds)) {
    return usage_error(quoted(what, text) +
                       "is not a whole number of seconds; write 30, 30s or 5m");
  }
  if (seconds < 0 || seconds > 1e9) return usage_error(quoted(what, text) + "is out of range");
  return static_cast<int>(seconds);
}

Result<int> parse_megabytes(std::string_view text, std::string_view what) {
  double value = 0;
  std::string_view unit;
  double scale = 0;
  if (split(text, value, unit)) {
    if (unit.empty() || unit == "MB" || unit == "MiB" || unit == "M" || unit == "m") scale = 1;
    if (unit == "GB" || unit == "GiB" || unit == "G" || unit == "g") scale = 1024;
  }
  const double megabytes = value * scale;
  if (scale == 0 || megabytes != std::floor(megabytes)) {
    return usage_error(quoted(what, text) + "is not a size in whole MB; write 512, 512MB or 1GB");
  }
  if (megabytes < 0 || megabytes > 1e9) return usage_error(quoted(what, text) + "is out of range");
  return static_cast<int>(megabytes);
}

Result<double> parse_positive(std::string_view text, std::string_view what) {
  double value = 0;
  std::string_view unit;
  if (!split(text, value, unit) || !unit.empty() || value <= 0) {
    return usage_error(quoted(what, text) + "is not a number above 0");
  }
  return value;
}

Result<std::int64_t> parse_integer(std::string_view text, std::string_view what, std::int64_t least,
                                   std::int64_t most) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool all_read = end == text.data() + text.size();
  const bool too_long = error == std::errc::result_out_of_range && all_read;
  if (!all_read || (error != std::errc() && !too_long)) {
    return usage_error(quoted(what, text) + "is not a whole number");
  }
  if (too_long || value < least || value > most) {
    return usage_error(quoted(what, text) + "is out of range; " + std::to_string(least) + " to " +
                       std::to_string(most) + " is allowed");
  }
  return value;
}

}  // namespace coldframe
