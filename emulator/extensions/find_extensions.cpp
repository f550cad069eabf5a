#include "emulator/extensions/find_extensions.hpp"

#include <unistd.h>

#include <algorithm>

#include "emulator/image/image_tree.hpp"

namespace coldframe {
namespace {

ImageTree tree_of(const FunctionConfig& config) {
  return {config.image->directories, config.image->has_trusted_xattrs};
}

std::vector<ExtensionFile> find_in_image(const FunctionConfig& config) {
  const ImageTree tree = tree_of(config);
  std::vector<ExtensionFile> found;
  for (const auto& name : tree.list(k_extensions_inside)) {
    const std::string path = std::string(k_extensions_inside) + "/" + name;
    const auto node = tree.resolve(path);
    if (node && node->is_file() && (node->info.st_mode & 0111) != 0) found.push_back({name, path});
  }
  return found;
}

}  // namespace

namespace fs = std::filesystem;

bool has_extensions_api(const FunctionConfig& config) {
  if (!config.extensions_allowed) return false;
  if (config.image) {
    return !tree_of(config).look(std::string("/opt/") + k_disables_extensions);
  }
  if (config.extensions.empty()) return true;
  std::error_code ignored;
  return !fs::exists(config.extensions.parent_path() / k_disables_extensions, ignored);
}

std::vector<ExtensionFile> find_extensions(const FunctionConfig& config) {
  std::vector<ExtensionFile> found;
  if ((!config.image && config.extensions.empty()) || !has_extensions_api(config)) return found;
  if (config.image) return find_in_image(config);
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
