#include "emulator/config/image_target.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "emulator/image/image_tree.hpp"

namespace coldframe {
namespace {

namespace fs = std::filesystem;

// "scoring" of "registry:5000/team/scoring:1" or of "build/scoring.tar.gz", if that can be one.
std::string function_name_of(const std::string& text) {
  std::string name = text.substr(text.rfind('/') + 1);
  name = name.substr(0, name.find_first_of(":@"));
  for (const char* ending : {".tar.gz", ".tar.zst", ".tgz", ".tar"}) {
    if (name.ends_with(ending)) {
      name.resize(name.size() - std::string_view(ending).size());
      break;
    }
  }
  return check_function_name(name, "") ? name : "";
}

std::string name_for(const ImageTarget& target, const ImageManifest& manifest) {
  const auto fetched = parse_image_name(target.path);
  if (auto name = function_name_of(fetched ? fetched->name : target.path);
      target.path != "-" && !name.empty()) {
    return name;
  }
  for (const std::string& tag : manifest.names) {
    const bool has_name = tag.find(':') != std::string::npos;
    if (auto name = function_name_of(tag); has_name && !name.empty()) return name;
  }
  return "function";
}

void take_config(const ImageConfig& image, FunctionConfig& config) {
  // As docker does: who gives an ENTRYPOINT means a CMD of his own, too.
  if (config.entry_point.empty()) {
    config.entry_point = image.entry_point;
    if (config.command.empty()) config.command = image.command;
  } else if (config.command.empty()) {
    config.command = image.command;
  }
  if (config.working_directory.empty()) config.working_directory = image.working_directory;
  if (config.working_directory.empty()) config.working_directory = "/";
  config.working_directory = config.working_directory.lexically_normal();
  config.task_root = "/var/task";
}

Result<void> check_platform(const FunctionFile& file, const ImageManifest& manifest,
                            const std::string& name) {
  const ImageConfig& image = manifest.config;
  if (!image.os.empty() && image.os != "linux") {
    return usage_error("'" + name + "' is an image for " + image.os + ", not for linux");
  }
  const std::string is_for = lambda_architecture(image.architecture);
  if (image.architecture.empty() || is_for == file.config.architecture) return {};
  if (file.architecture_given) {
    return usage_error("'" + name + "' is an image for " + is_for + ", and Architectures says " +
                       file.config.architecture + " (W11)");
  }
  return {};
}

}  // namespace

bool looks_like_image(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    return fs::exists(path / "oci-layout", ignored) ||
           (fs::exists(path / "index.json", ignored) && fs::exists(path / "blobs", ignored));
  }
  std::ifstream file(path, std::ios::binary);
  std::array<char, 265> head{};
  file.read(head.data(), head.size());
  const std::string_view bytes(head.data(), static_cast<std::size_t>(file.gcount()));
  return bytes.starts_with("\x1f\x8b") || bytes.starts_with("\x28\xb5\x2f\xfd") ||
         (bytes.size() >= 262 && bytes.substr(257, 5) == "ustar");
}

bool is_named_like_an_archive(std::string_view path) {
  constexpr std::array<std::string_view, 4> k_endings{".tar", ".tar.gz", ".tgz", ".tar.zst"};
  return std::any_of(k_endings.begin(), k_endings.end(),
                     [&](std::string_view ending) { return path.ends_with(ending); });
}

std::optional<ImageTarget> split_image_target(const std::string& target) {
  std::error_code ignored;
  if (target == "-") return ImageTarget{target, ""};
  const auto is_image = [&](const std::string& path) {
    const bool is_file = fs::is_regular_file(path, ignored) || fs::is_fifo(path, ignored);
    return looks_like_image(path) || (is_file && is_named_like_an_archive(path));
  };
  if (fs::exists(target, ignored)) {
    return is_image(target) ? std::optional(ImageTarget{target, ""}) : std::nullopt;
  }
  for (auto colon = target.find(':'); colon != std::string::npos;
       colon = target.find(':', colon + 1)) {
    const std::string path = target.substr(0, colon);
    if (!path.empty() && fs::exists(path, ignored)) {
      return is_image(path) ? std::optional(ImageTarget{path, target.substr(colon + 1)})
                            : std::nullopt;
    }
  }
  if (parse_image_name(target)) return ImageTarget{target, ""};
  return std::nullopt;
}

Result<void> attach_image(FunctionFile& file, const ImageOptions& options) {
  const ImageTarget& target = *file.image_target;
  auto store = ImageStore::open(options.store.empty() ? default_store() : options.store);
  if (!store) return store.error();
  ImageChoice choice;
  choice.reference = target.reference;
  if (file.architecture_given) choice.architecture = oci_architecture(file.config.architecture);
  const auto name = parse_image_name(target.path);
  auto source = name ? store->fetch_source(*name, choice) : store->open_source(target.path, choice);
  if (!source) return source.error();
  if (auto ok = check_platform(file, *source->manifest, source->name); !ok) return ok;
  auto stored = store->import(*source, options.progress);
  if (!stored) return stored.error();
  auto image = std::make_shared<FunctionImage>();
  image->name = source->name;
  image->digest = stored->manifest.digest.text();
  image->directories = directories_of(*stored);
  image->has_trusted_xattrs = stored->has_trusted_xattrs;
  image->has_owners = stored->has_owners;
  for (const auto& [variable, value] : stored->manifest.config.environment)
    image->variables[variable] = value;
  image->in_use = stored->in_use;
  FunctionConfig& config = file.config;
  take_config(stored->manifest.config, config);
  if (!stored->manifest.config.architecture.empty()) {
    config.architecture = lambda_architecture(stored->manifest.config.architecture);
  }
  if (file.path.empty() && !file.name_given) config.name = name_for(target, stored->manifest);
  config.image = std::move(image);
  return {};
}

}  // namespace coldframe
