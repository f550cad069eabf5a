// Unpacks the tar file of a layer.
//
//   auto unpacked = unpack_layer(stream, directory, {.name = "layer 2", .rights = rights});
//   if (unpacked->digests.diff_id != layer.diff_id) …
//
// Names, modes, owners, times, links, holes and extended attributes as in the tar; devices are not
// made. What a layer removes is left as LayerTree says. Nothing is written outside of `directory`,
// whatever the layer has for names; when it fails, something is in there. Errors: 2, the layer is
// damaged, makes no sense or is larger than an image may be; 4, the host cannot do it. Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "emulator/image/image_limits.hpp"
#include "emulator/image/layer_stream.hpp"
#include "emulator/image/layer_tree.hpp"

namespace coldframe {

struct UnpackOptions {
  std::string name;  // for errors: "layer 2 of 'scoring.tar'"
  LayerRights rights;
  std::int64_t most_bytes = image_limits::k_most_image_bytes;  // of files
  std::int64_t most_entries = image_limits::k_most_entries;
};

struct UnpackedLayer {
  LayerDigests digests;
  std::int64_t bytes = 0;                         // of files, as their sizes say
  std::int64_t entries = 0;                       // of the tar
  std::int64_t devices = 0;                       // that were not made
  std::vector<std::string> implicit_directories;  // see LayerTree
};

// `directory`: empty; stays the caller's.
Result<UnpackedLayer> unpack_layer(LayerStream& stream, int directory,
                                   const UnpackOptions& options);

// The plain form of an entry's name: without "./" and slashes in front and at the end. Error: 2, it
// leads out of the layer, or is too long. Empty: the layer's root.
Result<std::string> plain_entry_name(std::string_view name);

}  // namespace coldframe
