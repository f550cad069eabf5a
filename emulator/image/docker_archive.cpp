// What `docker save`, `podman save` and `skopeo copy … docker-archive:` write: manifest.json, a
// configuration and plain tar files, whose names differ from version to version.
#include <algorithm>

#include "emulator/image/image_limits.hpp"
#include "emulator/image/image_reading.hpp"

namespace coldframe {
namespace {

constexpr const char* k_manifest = "manifest.json";

// The digest that a name claims: "blobs/sha256/HEX", "HEX.json", "HEX.tar".
std::optional<Digest> claimed(const std::string& file) {
  std::string name = file.substr(file.rfind('/') + 1);
  name = name.substr(0, name.find('.'));
  const auto digest = Digest::parse("sha256:" + name, "");
  return digest ? std::optional(*digest) : std::nullopt;
}

}  // namespace

ImageManifest read_docker_archive(const ImageFiles& files, const ImageChoice& choice) {
  const std::string place = "'manifest.json' of '" + files.name() + "'";
  const auto list = Document::parse(
      take(files.read_small(k_manifest, image_limits::k_most_manifest_bytes)), place);
  const auto entries = list.items();
  std::vector<NamedImage> images;
  for (const Document& entry : entries)
    images.push_back(
        {entry.texts("RepoTags"), claimed(entry.text("Config")).value_or(Digest()), ""});
  const std::size_t chosen = choose_image(images, choice, files.name());
  const Document& entry = entries[chosen];

  ImageManifest image;
  image.packaging.is_docker_archive = true;
  image.names = images[chosen].names;
  const std::string config_file = entry.text("Config");
  if (config_file.empty()) entry.fail("an image has no 'Config'");
  const std::string config = take(files.read_small(config_file, image_limits::k_most_config_bytes));
  image.config_digest = sha256_of(config);
  if (const auto claim = claimed(config_file); claim && *claim != image.config_digest) {
    throw DocumentFault{usage_error("'" + config_file + "' of '" + files.name() +
                                    "' is damaged: its digest is " + image.config_digest.text())};
  }
  image.digest = image.config_digest;
  for (const std::string& file : entry.texts("Layers")) {
    const auto size = files.size_of(file);
    if (!size) {
      throw DocumentFault{
          usage_error("'" + files.name() + "' is incomplete: it has no '" + file + "'")};
    }
    image.layers.push_back({file, "", std::nullopt, Digest(), *size});
  }
  read_image_config(config, "'" + config_file + "' of '" + files.name() + "'", image);
  return image;
}

}  // namespace coldframe
