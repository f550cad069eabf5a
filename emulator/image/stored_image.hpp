// An image as it lies in the store, and the text that remembers it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "emulator/base/unique_fd.hpp"
#include "emulator/image/image_manifest.hpp"

namespace coldframe {

struct StoredLayer {
  std::string path;          // its directory, as overlayfs takes it
  std::int64_t bytes = 0;    // of its files
  std::int64_t entries = 0;  // of its tar
};

struct StoredImage {
  ImageManifest manifest;
  std::vector<StoredLayer> layers;  // the lowest first, as in the manifest
  std::string
      top;  // a directory on top of all, with attributes of directories; empty: none is needed
  std::int64_t bytes = 0;          // of all layers
  bool has_trusted_xattrs = true;  // see LayerRights
  bool has_owners = true;          // else its files belong to whoever unpacked them
  // As long as somebody has it, the image stays in the store.
  std::shared_ptr<const UniqueFd> in_use;
};

// What is written of one: the manifest, not where its layers are.
std::string to_record(const ImageManifest& manifest, const std::string& imported);
std::optional<ImageManifest> from_record(const std::string& text);

}  // namespace coldframe
