#include "emulator/environment/entry_point.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "emulator/environment/environment_variables.hpp"

namespace coldframe {
namespace {

namespace fs = std::filesystem;

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored) && !fs::is_directory(path, ignored);
}

std::string executable_problem(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return "'" + path.string() + "' does not exist";
  if (fs::is_directory(path, error)) return "'" + path.string() + "' is a directory";
  if (::access(path.c_str(), X_OK) != 0) {
    return "'" + path.string() + "' is not executable; chmod +x it";
  }
  return "";
}

// Relative elements of a search path count from `base`. An absolute path, or an empty one.
fs::path look_up(const std::string& name, const std::string& search, const fs::path& base) {
  std::size_t at = 0;
  while (at <= search.size()) {
    const auto end = std::min(search.find(':', at), search.size());
    fs::path candidate = base / search.substr(at, end - at) / name;
    if (end > at && is_file(candidate) && ::access(candidate.c_str(), X_OK) == 0) return candidate;
    at = end + 1;
  }
  return {};
}

EntryPoint find_bootstrap(const FunctionConfig& config) {
  EntryPoint entry;
  for (const fs::path& candidate : {config.task_root / "bootstrap", fs::path("/opt/bootstrap")}) {
    if (!is_file(candidate)) continue;
    entry.executable = candidate.string();
    entry.argv = {candidate.string()};
    entry.problem = executable_problem(candidate);
    return entry;
  }
  entry.problem =
      "no entry point: neither ImageConfig.EntryPoint, nor Runtime and Handler, nor a file "
      "'bootstrap' in '" +
      config.task_root.string() +
      R"('; add what to use, e.g. "Runtime": "python3.12", "Handler": "app.handler", which starts )"
      "python3 -m awslambdaric";
  return entry;
}

}  // namespace

EntryPoint find_entry_point(const FunctionConfig& config) {
  if (config.entry_point.empty() && config.command.empty()) return find_bootstrap(config);
  EntryPoint entry;
  entry.argv = config.entry_point;
  entry.argv.insert(entry.argv.end(), config.command.begin(), config.command.end());
  const std::string name = entry.argv.front();
  if (name.find('/') != std::string::npos) {
    fs::path path = name;
    if (path.is_relative()) path = config.task_root / path;
    entry.executable = path.lexically_normal().string();
  } else {
    const bool own_path = config.variables.count("PATH") > 0;
    const char* caller_path = std::getenv("PATH");
    fs::path found;
    if (!own_path && caller_path != nullptr) {
      found = look_up(name, caller_path, fs::current_path());
    }
    if (found.empty()) found = look_up(name, search_path(config), config.working_directory);
    if (found.empty()) {
      entry.problem = "entry point '" + name + "' was not found in PATH";
      return entry;
    }
    entry.executable = found.string();
  }
  // A program that finds its own home by argv[0] (Python in a virtual environment) must not have to
  // search for itself with another PATH.
  entry.argv.front() = entry.executable;
  if (auto problem = executable_problem(entry.executable); !problem.empty()) {
    entry.problem = "entry point " + problem;
  }
  return entry;
}

}  // namespace coldframe
