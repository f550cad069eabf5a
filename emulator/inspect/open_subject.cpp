#include "emulator/inspect/open_subject.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "emulator/config/target.hpp"
#include "emulator/image/image_limits.hpp"
#include "emulator/inspect/sizes.hpp"

namespace coldframe::inspect {
namespace {

namespace fs = std::filesystem;

// The file that a target names or has; without one a command, a directory of code, or an error.
Result<FunctionFile> read_file(const std::string& target) {
  std::error_code ignored;
  const fs::path path = target;
  const bool is_directory = fs::is_directory(path, ignored);
  if (is_directory && fs::exists(path / "function.json", ignored)) {
    return load_function_file(path / "function.json");
  }
  if (!is_directory && fs::is_regular_file(path, ignored) && path.extension() == ".json") {
    return load_function_file(path);
  }
  return resolve_target(target, {}, {});
}

// Of layers that are plain tar files, which have little besides their files.
std::int64_t plain_bytes(const ImageManifest& manifest) {
  std::int64_t bytes = 0;
  for (const ImageLayer& layer : manifest.layers) {
    if (layer.media_type.empty() || layer.media_type.ends_with("tar"))
      bytes += layer.size.value_or(0);
  }
  return bytes;
}

// The store refuses what Lambda would, by its own bound.
bool is_too_large(const Error& error) {
  return error.message.ends_with("(W16)") ||
         error.message.ends_with("no image that Lambda takes is");
}

// What the store remembers of an image was read where it was found first; how this one is packed
// stands in this one's documents.
Result<void> read_documents(const ImageStore& store, const std::string& path,
                            const ImageChoice& choice, ImageManifest& manifest) {
  const auto spool = [&]() -> Result<UniqueFd> {
    std::string name = store.path() + "/incoming/inspect-XXXXXX";
    UniqueFd file(::mkostemp(name.data(), O_CLOEXEC));
    if (!file) return host_error("cannot write in the image store '" + store.path() + "'");
    ::unlink(name.c_str());
    return file;
  };
  const auto files = open_image_files(path, spool);
  if (!files) return files.error();
  auto read = read_image(**files, choice);
  if (!read) return read.error();
  manifest.packaging = read->packaging;
  manifest.layers = read->layers;
  return {};
}

Result<OpenedSubject> open_image(FunctionFile file, const ImageOptions& options) {
  auto store = ImageStore::open(options.store.empty() ? default_store() : options.store);
  if (!store) return store.error();
  OpenedSubject opened;
  ImageChoice choice;
  choice.reference = file.image_target->reference;
  if (file.architecture_given) choice.architecture = oci_architecture(file.config.architecture);
  auto source = store->open_source(file.image_target->path, choice);
  if (!source) return source.error();
  opened.manifest = source->manifest;
  if (source->known) {
    auto ok = read_documents(*store, file.image_target->path, choice, *opened.manifest);
    if (!ok) return ok.error();
  }
  if (const auto bytes = plain_bytes(*source->manifest); bytes > image_limits::k_most_image_bytes) {
    opened.too_large = too_large(bytes);
  } else if (auto stored = store->import(*source, options.progress)) {
    stored->manifest = *opened.manifest;
    opened.subject = of_image(*stored, source->name, file.config, file.architecture_given);
  } else if (is_too_large(stored.error())) {
    opened.too_large = too_large(image_limits::k_most_image_bytes);
    opened.too_large->message = "the image has more than the 10 GB that Lambda takes at most";
  } else {
    return stored.error();
  }
  opened.file = std::move(file);
  return opened;
}

}  // namespace

Result<OpenedSubject> open_subject(const std::string& target, const ImageOptions& options) {
  if (target.empty())
    return usage_error("no TARGET; name an image, or a directory with a function.json");
  FunctionFile file;
  if (auto image = split_image_target(target)) {
    file.image_target = std::move(image);
  } else {
    auto read = read_file(target);
    if (!read) return read.error();
    file = std::move(*read);
  }
  if (file.image_target) return open_image(std::move(file), options);
  OpenedSubject opened;
  opened.subject = of_directory(target, file.config);
  opened.file = std::move(file);
  return opened;
}

}  // namespace coldframe::inspect
