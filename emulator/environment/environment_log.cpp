#include "emulator/environment/environment_log.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "emulator/base/limits.hpp"

namespace coldframe {
namespace {

std::string upper(std::string word) {
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return word;
}

std::optional<Level> level_by_name(const std::string& text) {
  const std::string name = upper(text);
  if (name == "TRACE") return Level::trace;
  if (name == "DEBUG") return Level::debug;
  if (name == "INFO") return Level::info;
  if (name == "WARN" || name == "WARNING") return Level::warn;
  if (name == "ERROR") return Level::error;
  if (name == "FATAL" || name == "CRITICAL") return Level::fatal;
  return std::nullopt;
}

// Of a line that is a JSON object: key and level in any case.
std::optional<Level> level_in(const nlohmann::json& line) {
  if (!line.is_object()) return std::nullopt;
  for (const auto& [key, value] : line.items()) {
    if (!value.is_string() || upper(key) != "LEVEL") continue;
    if (auto level = level_by_name(value)) return level;
  }
  return std::nullopt;
}

}  // namespace

bool EnvironmentLog::filtered_out(const LogEvent& event) const {
  if (config_.log_format != LogFormat::json) return false;
  std::optional<Level> level;
  if (event.level != LogLevel::undefined) {
    level = static_cast<Level>(static_cast<int>(event.level) - 1);
  } else if (event.text.find_first_not_of(" \t") == event.text.find('{')) {
    level = level_in(nlohmann::json::parse(event.text, nullptr, false));
  }
  return level.value_or(Level::info) < config_.application_level;
}

void EnvironmentLog::platform(std::string_view lines) {
  if (!lines.empty()) emit(lines);
}

bool EnvironmentLog::function(const LogEvent& event) {
  if (filtered_out(event)) return false;
  std::string_view raw = event.text;
  while (!raw.empty() && (raw.back() == '\n' || raw.back() == '\r'))
    raw.remove_suffix(1);
  std::string text;
  text.reserve(raw.size() + 1);
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '\r') {
      text += raw[i];
    } else if (i + 1 == raw.size() || raw[i + 1] != '\n') {
      text += '\n';
    }
  }
  text += '\n';
  emit(text);
  return true;
}

void EnvironmentLog::emit(std::string_view text) {
  out_.write(text);
  if (!tail_wanted_) return;
  tail_ += text;
  if (tail_.size() > 4 * limits::k_log_tail_bytes) {
    tail_.erase(0, tail_.size() - limits::k_log_tail_bytes);
  }
}

void EnvironmentLog::begin_tail(bool wanted) {
  tail_wanted_ = wanted;
  tail_.clear();
}

std::string EnvironmentLog::take_tail() {
  tail_wanted_ = false;
  if (tail_.size() > limits::k_log_tail_bytes) {
    tail_.erase(0, tail_.size() - limits::k_log_tail_bytes);
  }
  return std::move(tail_);
}

}  // namespace coldframe
