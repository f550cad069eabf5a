// An OCI image layout: https://github.com/opencontainers/image-spec/blob/main/image-layout.md
#include <algorithm>
#include <array>
#include <string_view>

#include "emulator/image/image_limits.hpp"
#include "emulator/image/image_reading.hpp"

namespace coldframe {
namespace {

constexpr std::array<std::string_view, 2> k_indexes{
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json"};
constexpr std::array<std::string_view, 2> k_manifests{
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json"};
constexpr std::array<std::string_view, 2> k_configs{
    "application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"};
constexpr std::array<std::string_view, 9> k_layers{
    "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.oci.image.layer.v1.tar+gzip",
    "application/vnd.oci.image.layer.v1.tar+zstd",
    "application/vnd.oci.image.layer.nondistributable.v1.tar",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
    "application/vnd.docker.image.rootfs.diff.tar",
    "application/vnd.docker.image.rootfs.diff.tar.gzip",
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"};

template <typename Types>
bool is_one_of(const Types& types, std::string_view type) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

[[noreturn]] void fail(std::string message) {
  throw DocumentFault{usage_error(std::move(message))};
}

// A reference to a blob.
struct Descriptor {
  std::string media_type;
  Digest digest;
  std::optional<std::int64_t> size;
  std::string architecture;
  std::string os;
  std::vector<std::string> names;
  bool is_attestation = false;
};

Descriptor read_descriptor(const Document& document) {
  Descriptor out;
  out.media_type = document.text("mediaType");
  out.digest = document.digest("digest");
  out.size = document.integer("size");
  const Document platform = document.object("platform");
  out.architecture = platform.text("architecture");
  out.os = platform.text("os");
  const auto annotations = document.text_map("annotations");
  for (const char* key : {"io.containerd.image.name", "org.opencontainers.image.ref.name"}) {
    const auto found = annotations.find(key);
    if (found != annotations.end() && !found->second.empty()) out.names.push_back(found->second);
  }
  const auto type = annotations.find("vnd.docker.reference.type");
  out.is_attestation = (type != annotations.end() && type->second == "attestation-manifest") ||
                       out.os == "unknown" || out.architecture == "unknown";
  return out;
}

std::string blob_name(const Digest& digest) { return "blobs/sha256/" + digest.hex(); }

class Layout {
 public:
  Layout(const ImageFiles& files, const ImageChoice& choice) : files_(files), choice_(choice) {}

  ImageManifest read() {
    const auto index =
        Document::parse(take(files_.read_small("index.json", image_limits::k_most_manifest_bytes)),
                        "'index.json' of '" + files_.name() + "'");
    const auto all = descriptors(index);
    std::vector<Descriptor> found;
    std::copy_if(all.begin(), all.end(), std::back_inserter(found),
                 [](const Descriptor& one) { return !one.is_attestation; });
    image_.packaging.has_attestations = found.size() < all.size();
    std::vector<NamedImage> named;
    for (const Descriptor& one : found)
      named.push_back({one.names, one.digest, one.architecture});
    const Descriptor chosen = found[choose_image(named, choice_, files_.name())];
    image_.names = chosen.names;
    read_what(chosen, 0);
    return std::move(image_);
  }

 private:
  std::vector<Descriptor> descriptors(const Document& index) const {
    const auto objects = index.objects("manifests");
    if (objects.size() > image_limits::k_most_manifests) index.fail("it has too many 'manifests'");
    std::vector<Descriptor> all;
    for (const Document& object : objects)
      all.push_back(read_descriptor(object));
    return all;
  }

  std::string place(const Digest& digest) const {
    return "'" + blob_name(digest) + "' of '" + files_.name() + "'";
  }

  std::string document(const Descriptor& descriptor, std::size_t most) const {
    std::string text = take(files_.read_small(blob_name(descriptor.digest), most));
    if (const Digest digest = sha256_of(text); digest != descriptor.digest) {
      fail(place(descriptor.digest) + " is damaged: its digest is " + digest.text());
    }
    return text;
  }

  void read_what(const Descriptor& descriptor, int depth) {
    const std::string& type = descriptor.media_type;
    if (type.starts_with("application/vnd.docker.distribution.manifest.v1+")) {
      fail("the manifest of '" + files_.name() +
           "' has the form of before Docker 1.10; save the image with a newer one");
    }
    if (!type.empty() && !is_one_of(k_indexes, type) && !is_one_of(k_manifests, type)) {
      fail("'" + files_.name() + "' has no container image, but '" + type + "'");
    }
    const auto text = document(descriptor, image_limits::k_most_manifest_bytes);
    const auto parsed = Document::parse(text, place(descriptor.digest));
    const bool is_index = type.empty() ? parsed.has("manifests") : is_one_of(k_indexes, type);
    if (is_index) return read_index(parsed, depth);
    image_.digest = descriptor.digest;
    image_.packaging.manifest_media_type = type.empty() ? parsed.text("mediaType") : type;
    read_manifest(parsed);
  }

  void read_index(const Document& index, int depth) {
    if (depth >= image_limits::k_most_nesting) index.fail("indexes are nested too deeply");
    image_.packaging.has_nested_index = true;
    const std::string wanted = wanted_architecture(choice_);
    const Descriptor* best = nullptr;
    std::string there;
    const auto all = descriptors(index);
    for (const Descriptor& one : all) {
      if (one.is_attestation) {
        image_.packaging.has_attestations = true;
        continue;
      }
      if (!one.os.empty() && one.os != "linux") continue;
      if (!one.architecture.empty()) there += (there.empty() ? "" : ", ") + one.architecture;
      const bool fits = one.architecture.empty() || one.architecture == wanted;
      if (fits && best == nullptr) best = &one;
    }
    // Whoever asks for nothing takes what there is, and is told that it does not fit.
    const auto takes_any = [&](const Descriptor& one) {
      return !one.is_attestation && (one.os.empty() || one.os == "linux");
    };
    if (best == nullptr && choice_.architecture.empty()) {
      const auto any = std::find_if(all.begin(), all.end(), takes_any);
      if (any != all.end()) best = &*any;
    }
    if (best == nullptr) {
      index.fail("it has no image for linux/" + wanted +
                 (there.empty() ? "" : ", only for " + there));
    }
    read_what(*best, depth + 1);
  }

  void read_manifest(const Document& manifest) {
    if (!manifest.has("config")) manifest.fail("it has no 'config'");
    const Descriptor config = read_descriptor(manifest.object("config"));
    if (!config.media_type.empty() && !is_one_of(k_configs, config.media_type)) {
      fail("'" + files_.name() + "' has no container image, but '" + config.media_type + "'");
    }
    image_.config_digest = config.digest;
    for (const Document& object : manifest.objects("layers"))
      add_layer(read_descriptor(object));
    read_image_config(document(config, image_limits::k_most_config_bytes), place(config.digest),
                      image_);
  }

  void add_layer(const Descriptor& layer) {
    const std::string number = std::to_string(image_.layers.size() + 1);
    if (layer.media_type.ends_with("+encrypted")) {
      fail("layer " + number + " of '" + files_.name() + "' is encrypted");
    }
    if (!layer.media_type.empty() && !is_one_of(k_layers, layer.media_type)) {
      fail("layer " + number + " of '" + files_.name() + "' is no layer of files, but '" +
           layer.media_type + "'");
    }
    const std::string file = blob_name(layer.digest);
    const auto size = files_.size_of(file);
    if (!size) fail("'" + files_.name() + "' is incomplete: it has no '" + file + "'");
    if (layer.size && *layer.size != *size) {
      fail(place(layer.digest) + " has " + std::to_string(*size) + " bytes, not " +
           std::to_string(*layer.size));
    }
    image_.layers.push_back({file, layer.media_type, layer.digest, Digest(), *size});
  }

  const ImageFiles& files_;
  const ImageChoice& choice_;
  ImageManifest image_;
};

}  // namespace

ImageManifest read_layout(const ImageFiles& files, const ImageChoice& choice) {
  return Layout(files, choice).read();
}

Result<ImageManifest> read_image(const ImageFiles& files, const ImageChoice& choice) {
  try {
    if (files.has("index.json")) return read_layout(files, choice);
    if (files.has("manifest.json")) return read_docker_archive(files, choice);
    if (files.has("repositories")) {
      return usage_error("'" + files.name() +
                         "' has the form of before Docker 1.10; save the image with a newer one");
    }
    return usage_error("'" + files.name() +
                       "' is no image: it has neither the index.json of an OCI layout nor the "
                       "manifest.json of docker save");
  } catch (const DocumentFault& fault) {
    return fault.error;
  }
}

}  // namespace coldframe
