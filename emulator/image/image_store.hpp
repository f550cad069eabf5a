// The images that this user has run: unpacked once, layer by layer, and found again by what they
// are.
//
//   auto store = ImageStore::open(default_store());
//   auto source = store->open_source("scoring.tar", choice);     // documents read, nothing
//   unpacked auto image = store->import(*source);                         // its layers are there
//   now for (const auto& layer : image->layers) … layer.path …
//
// A file that was imported before, and has not changed by what stat() tells, is not read again. A
// layer comes to its place whole or not at all; who is killed leaves nothing that is taken for one,
// and processes that import the same layer wait for the one who began. After an unclean end of the
// host, layers of that boot are unpacked anew. Errors: 2, the image is no image, damaged or too
// large; 4, the store cannot be read or written. Its own threads while it imports, else one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "emulator/image/image_files.hpp"
#include "emulator/image/image_manifest.hpp"
#include "emulator/image/image_tool.hpp"
#include "emulator/image/layer_tree.hpp"
#include "emulator/image/stored_image.hpp"

namespace coldframe {

// COLDFRAME_STORE, else images below this user's caches.
std::string default_store();

// Where an image comes from, opened.
struct ImageSource {
  std::string name;                   // as the user has typed it
  std::string identity;               // of the file with the choice; empty: it has none (a pipe)
  std::optional<Digest> known;        // an image that was imported from just that
  std::shared_ptr<const void> place;  // of what was fetched for us
  std::unique_ptr<ImageFiles> files;  // null if it is known
  std::optional<ImageManifest> manifest;  // always there once open_source() has returned it
};

struct ImportProgress {
  std::size_t layers = 0;
  std::size_t done = 0;
};

// An image of the list, or one that was removed.
struct ImageListing {
  Digest digest;
  std::vector<std::string> names;
  std::string architecture;
  std::int64_t bytes = 0;      // of all its layers
  std::int64_t own_bytes = 0;  // of those that no other image has
  std::size_t layers = 0;
  std::int64_t used = 0;  // seconds since 1970, when it was run last
  bool in_use = false;
};

struct PruneOptions {
  std::optional<std::int64_t> most_bytes{};    // keep the images used last, up to so many
  std::optional<std::int64_t> older_than_s{};  // seconds since the last use
};

struct PruneReport {
  std::vector<ImageListing> removed;
  std::int64_t freed_bytes = 0;
  std::size_t kept_in_use = 0;  // that would have gone
};

class ImageStore {
 public:
  // Makes the directory if it is missing.
  static Result<ImageStore> open(const std::string& path);

  const std::string& path() const { return path_; }

  Result<ImageSource> open_source(const std::string& source, const ImageChoice& choice) const;
  // The same of an image that another program has. Errors: those of image_tool.hpp, too.
  Result<ImageSource> fetch_source(const ImageName& name, const ImageChoice& choice) const;
  using Progress = std::function<void(const ImportProgress&)>;  // from any thread, one at a time
  Result<StoredImage> import(ImageSource& source, const Progress& progress = {}) const;

  Result<std::vector<ImageListing>> list() const;
  // Without options: all that is not in use.
  Result<PruneReport> prune(const PruneOptions& options) const;

 private:
  ImageStore(std::string path, LayerRights rights);

  std::string layer_directory(const Digest& diff_id) const;
  std::string image_file(const Digest& image) const;
  std::string top_directory(const Digest& image) const;
  std::string source_file(const std::string& identity) const;
  Result<UniqueFd> make_spool() const;
  std::optional<StoredImage> find(const Digest& image) const;
  Result<void> unpack(const ImageSource& source, std::size_t index) const;
  Result<void> verify(const ImageSource& source, std::size_t index) const;
  Result<void> unpack_all(const ImageSource& source, const Progress& progress) const;
  Result<void> make_top(const ImageManifest& manifest) const;

  std::string path_;
  LayerRights rights_;
  std::string kind_;
};

}  // namespace coldframe
