// An image as its documents describe it: what is run, in what, and which layers it is made of; read
// from an OCI image layout or from what `docker save` writes, in the form of any version.
//
//   auto image = read_image(*files, {.reference = "scoring:1", .architecture = "amd64"});
//   image->config.entry_point, image->layers.back().diff_id
//
// Every document's digest is checked where its name says one. What is said about layers is checked
// when they are unpacked (layer_unpacker.hpp). Errors: 2, one sentence that names the image and the
// piece. Value types.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "emulator/base/error.hpp"
#include "emulator/image/image_files.hpp"
#include "emulator/image/sha256.hpp"

namespace coldframe {

// Which of several images is meant.
struct ImageChoice {
  std::string reference{};  // "NAME:TAG", "TAG" or a digest; empty: the only one
  std::string
      architecture{};  // "amd64" or "arm64"; empty: this host's where there is one, else any
};

struct ImageLayer {
  std::string file;                  // its name among the image's files
  std::string media_type;            // empty: not told (docker save)
  std::optional<Digest> digest;      // of the file
  Digest diff_id;                    // of the plain tar
  std::optional<std::int64_t> size;  // of the file, as the manifest has it; bytes
};

// How an image was made, one line a step.
struct ImageHistory {
  std::string created_by;
  bool empty_layer = false;
};

// What the image wants to be run as; AWS's names are ENTRYPOINT, CMD, ENV, WORKDIR, USER.
struct ImageConfig {
  std::vector<std::string> entry_point;
  std::vector<std::string> command;
  std::vector<std::pair<std::string, std::string>> environment;
  std::string working_directory;
  std::string user;
  std::string architecture;  // "amd64"
  std::string variant;       // "v8"
  std::string os;            // "linux"
  std::string created;
  std::vector<std::pair<std::string, std::string>> labels;
  std::vector<ImageHistory> history;
};

// What Lambda, or a registry, would see around it.
struct ImagePackaging {
  bool is_docker_archive = false;   // nothing in it tells how it would be pushed
  bool has_nested_index = false;    // an index that the index of the layout leads to
  bool has_attestations = false;    // manifests of attestations beside the image's
  std::string manifest_media_type;  // empty: of a docker archive
};

struct ImageManifest {
  Digest digest;                   // of its manifest; of its configuration in a docker archive
  Digest config_digest;            // what docker calls the image's id
  std::vector<std::string> names;  // "scoring:1"; none: it has no tag
  ImageConfig config;
  std::vector<ImageLayer> layers;  // the lowest first
  ImagePackaging packaging;
};

Result<ImageManifest> read_image(const ImageFiles& files, const ImageChoice& choice);

// "x86_64" for "amd64", "arm64": AWS's names of what OCI calls otherwise; others as they are.
std::string lambda_architecture(const std::string& oci);
std::string oci_architecture(const std::string& lambda);

// Whether a name of an image is meant by what a user has typed: all of it, its tag, or its end
// after a '/'.
bool is_meant(const std::string& name, const std::string& reference);

}  // namespace coldframe
