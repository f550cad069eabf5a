#include "emulator/config/python_version.hpp"

#include <sstream>

#include "emulator/config/function_file.hpp"

namespace coldframe {
namespace {

std::string trimmed(const std::string& text) {
  const auto from = text.find_first_not_of(" \t\r");
  if (from == std::string::npos) return "";
  return text.substr(from, text.find_last_not_of(" \t\r") + 1 - from);
}

// "3.11" of "3.11.2", "3.11" and "3.11.2.final.0".
std::string minor_version(const std::string& version) {
  const auto first = version.find('.');
  if (first == std::string::npos) return version;
  return version.substr(0, version.find('.', first + 1));
}

}  // namespace

std::string venv_python_version(const std::filesystem::path& python) {
  const auto text = read_text_file(python.parent_path().parent_path() / "pyvenv.cfg",
                                   "virtual environment", std::size_t{64} << 10);
  if (!text) return "";
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    const auto equals = line.find('=');
    if (equals == std::string::npos) continue;
    const std::string key = trimmed(line.substr(0, equals));
    if (key == "version" || key == "version_info") return trimmed(line.substr(equals + 1));
  }
  return "";
}

std::optional<std::string> other_python(const FunctionConfig& config) {
  constexpr std::string_view k_python = "python";
  if (!config.runtime.starts_with(k_python) || config.entry_point.empty()) return std::nullopt;
  if (config.entry_point.front().find('/') == std::string::npos)
    return std::nullopt;  // of the PATH
  std::filesystem::path python = config.entry_point.front();
  if (python.is_relative()) python = config.working_directory / python;
  const std::string here = venv_python_version(python);
  const std::string wanted = config.runtime.substr(k_python.size());
  if (here.empty() || wanted.empty() || minor_version(here) == wanted) return std::nullopt;
  return "Runtime is " + config.runtime + ", and '" + python.string() + "' is Python " + here +
         ": what runs here is not what will run on Lambda";
}

}  // namespace coldframe
