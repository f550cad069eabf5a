#include "emulator/inspect/look.hpp"

namespace coldframe::inspect {

std::string Look::package_of(const std::string& path) const {
  for (const std::string& directory : python.search) {
    if (!is_below(path, directory) || directory == python.standard_library) continue;
    const bool is_site = directory != "/" || !subject.is_image();
    if (!is_site) continue;
    const std::size_t from = directory == "/" ? 1 : directory.size() + 1;
    if (from >= path.size()) continue;
    std::string top = path.substr(from, path.find('/', from) - from);
    if (top.ends_with(".libs")) top.resize(top.size() - 5);
    if (const auto dot = top.find('.'); dot != std::string::npos) top.resize(dot);
    if (python.of_module(top) != nullptr) return top;
    // "scikit_learn.libs" is named after the distribution.
    if (const Distribution* one = python.installed(normalised(top)); one && !one->modules.empty())
      return one->modules.back();
  }
  return "";
}

bool Look::is_own(const std::string& path) const {
  if (!subject.is_image()) return true;
  if (is_below(path, subject.task_root) || is_below(path, "/opt")) return true;
  return subject.working_directory != "/" && is_below(path, subject.working_directory);
}

Look::Reach Look::reach(const std::string& path) const {
  if (program.node && path == program.node->path) return Reach::used;
  if (const std::string package = package_of(path); !package.empty()) {
    return !imports.is_known || imports.imports(package) ? Reach::used : Reach::installed;
  }
  for (const std::string& site : python.site_directories) {
    if (is_below(path, site)) return imports.is_known ? Reach::installed : Reach::used;
  }
  return is_own(path) ? Reach::used : Reach::other;
}

Severity severity_of(Look::Reach reach) {
  switch (reach) {
    case Look::Reach::used:
      return Severity::error;
    case Look::Reach::installed:
      return Severity::warning;
    case Look::Reach::other:
      break;
  }
  return Severity::info;
}

std::string and_more(std::size_t all, std::size_t shown) {
  return all <= shown ? "" : " and " + std::to_string(all - shown) + " more";
}

}  // namespace coldframe::inspect
