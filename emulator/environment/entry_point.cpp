#include "emulator/environment/entry_point.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "emulator/environment/environment_variables.hpp"
#include "emulator/image/image_tree.hpp"

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

std::string variable_of(const FunctionConfig& config, const std::string& name) {
  if (const auto own = config.variables.find(name); own != config.variables.end()) {
    return own->second;
  }
  const auto images = config.image->variables.find(name);
  return images != config.image->variables.end() ? images->second : "";
}

// What is wrong with a program of an image; empty: nothing that shows.
std::string problem_in(const ImageTree& tree, const std::string& path) {
  const auto node = tree.resolve(path);
  if (!node) return "'" + path + "' does not exist in the image";
  if (node->is_directory()) return "'" + path + "' is a directory in the image";
  if ((node->info.st_mode & 0111) == 0) return "'" + path + "' is not executable in the image";
  return "";
}

// As in the image, where a bare name is looked up in the PATH of the function.
EntryPoint find_in_image(const FunctionConfig& config) {
  const ImageTree tree(config.image->directories, config.image->has_trusted_xattrs);
  EntryPoint entry;
  entry.argv = config.entry_point;
  entry.argv.insert(entry.argv.end(), config.command.begin(), config.command.end());
  if (entry.argv.empty()) {
    entry.problem = "the image has neither ENTRYPOINT nor CMD";
    return entry;
  }
  const std::string name = entry.argv.front();
  entry.executable = name;
  if (name.find('/') != std::string::npos) {
    entry.executable = (config.working_directory / name).lexically_normal().string();
    entry.problem = problem_in(tree, entry.executable);
  } else {
    entry.problem = "'" + name + "' was not found in the PATH of the image";
    std::string search = variable_of(config, "PATH");
    if (search.empty()) search = search_path(config);
    for (std::size_t at = 0; at <= search.size();) {
      const auto end = std::min(search.find(':', at), search.size());
      const fs::path candidate = config.working_directory / search.substr(at, end - at) / name;
      at = end + 1;
      if (!problem_in(tree, candidate.string()).empty()) continue;
      entry.executable = candidate.lexically_normal().string();
      entry.problem.clear();
      break;
    }
  }
  if (!entry.problem.empty()) entry.problem = "entry point " + entry.problem;
  return entry;
}

}  // namespace

EntryPoint find_entry_point(const FunctionConfig& config) {
  if (config.image) return find_in_image(config);
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
