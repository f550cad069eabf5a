// What the store holds, and taking some of it away.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <map>
#include <set>

#include "emulator/image/image_store.hpp"
#include "emulator/image/store_layout.hpp"
#include "emulator/image/stored_layer.hpp"

namespace coldframe {
namespace {

namespace fs = std::filesystem;

std::int64_t last_use(const std::string& file) {
  struct stat info {};
  return ::stat(file.c_str(), &info) == 0 ? std::int64_t{info.st_mtim.tv_sec} : 0;
}

}  // namespace

Result<std::vector<ImageListing>> ImageStore::list() const {
  std::vector<ImageListing> listings;
  std::vector<ImageManifest> manifests;
  std::map<Digest, int> users;  // of each layer
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path_ + "/images-" + kind_, error)) {
    if (entry.path().extension() != ".json") continue;
    auto manifest = from_record(get_file(entry.path()));
    if (!manifest) continue;
    std::set<Digest> layers;
    for (const ImageLayer& layer : manifest->layers)
      layers.insert(layer.diff_id);
    for (const Digest& layer : layers)
      ++users[layer];
    manifests.push_back(std::move(*manifest));
  }
  if (error) return host_error("cannot read the image store '" + path_ + "': " + error.message());
  for (const ImageManifest& manifest : manifests) {
    ImageListing listing;
    listing.digest = manifest.digest;
    listing.names = manifest.names;
    listing.architecture = manifest.config.architecture;
    listing.layers = manifest.layers.size();
    listing.used = last_use(image_file(manifest.digest));
    const auto held = lock_file(image_file(manifest.digest), LockKind::alone, false);
    listing.in_use = held && !*held;
    std::set<Digest> counted;
    for (const ImageLayer& layer : manifest.layers) {
      const auto known = find_layer(layer_directory(layer.diff_id));
      if (!known || !counted.insert(layer.diff_id).second) continue;
      listing.bytes += known->bytes;
      if (users[layer.diff_id] == 1) listing.own_bytes += known->bytes;
    }
    listings.push_back(std::move(listing));
  }
  std::sort(listings.begin(), listings.end(),
            [](const ImageListing& a, const ImageListing& b) { return a.used > b.used; });
  return listings;
}

Result<PruneReport> ImageStore::prune(const PruneOptions& options) const {
  // Who imports has layers that no image has yet.
  const auto alone = lock_file(path_ + "/import.lock", LockKind::alone);
  if (!alone) return alone.error();
  auto images = list();
  if (!images) return images.error();
  PruneReport report;
  const std::int64_t now = std::time(nullptr);
  const bool everything = !options.most_bytes && !options.older_than_s;
  std::int64_t kept_bytes = 0;
  std::set<std::string> kept_layers;
  for (ImageListing& image : *images) {  // the one that was used last first
    const bool is_old = options.older_than_s && now - image.used > *options.older_than_s;
    const bool is_too_much =
        options.most_bytes && kept_bytes + image.own_bytes > *options.most_bytes;
    const std::string file = image_file(image.digest);
    if (everything || is_old || is_too_much) {
      const auto held = lock_file(file, LockKind::alone, false);
      if (held && *held) {
        ::unlink(file.c_str());
        remove_tree(top_directory(image.digest));
        report.removed.push_back(std::move(image));
        continue;
      }
      ++report.kept_in_use;
    }
    kept_bytes += image.own_bytes;
    if (const auto manifest = from_record(get_file(file))) {
      for (const ImageLayer& layer : manifest->layers)
        kept_layers.insert(layer.diff_id.hex());
    }
  }
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path_ + "/layers-" + kind_, error)) {
    const std::string name = entry.path().filename().string();
    if (kept_layers.contains(name.substr(0, name.find('.')))) continue;
    const auto known = find_layer(entry.path());
    if (!entry.is_directory(error)) {
      ::unlink(entry.path().c_str());  // a lock of somebody who is gone
    } else if (!remove_tree(entry.path())) {
      return host_error("cannot remove '" + entry.path().string() + "': " + std::strerror(errno));
    } else if (known) {
      report.freed_bytes += known->bytes;
    }
  }
  // Those that lead to an image that is gone.
  for (const auto& entry : fs::directory_iterator(path_ + "/sources-" + kind_, error)) {
    const auto digest = Digest::parse(get_file(entry.path()), "");
    if (!digest || ::access(image_file(*digest).c_str(), F_OK) != 0) ::unlink(entry.path().c_str());
  }
  return report;
}

}  // namespace coldframe
