#include "emulator/extensions/find_extensions.hpp"

#include <unistd.h>

#include <algorithm>

namespace coldframe {

namespace fs = std::filesystem;

bool has_extensions_api(const FunctionConfig& config) {
  if (!config.extensions_allowed) return false;
  if (config.extensions.empty()) return true;
  std::error_code ignored;
  return !fs::exists(config.extensions.parent_path() / k_disables_extensions, ignored);
}

std::vector<ExtensionFile> find_extensions(const FunctionConfig& config) {
  std::vector<ExtensionFile> found;
  if (config.extensions.empty() || !has_extensions_api(config)) return found;
  std::error_code error;
  for (fs::directory_iterator at(config.extensions, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code ignored;
    if (!at->is_regular_file(ignored) || ::access(at->path().c_str(), X_OK) != 0) continue;
    found.push_back({at->path().filename().string(), at->path()});
  }
  std::sort(found.begin(), found.end(),
            [](const ExtensionFile& a, const ExtensionFile& b) { return a.name < b.name; });
  return found;
}

}  // namespace coldframe
