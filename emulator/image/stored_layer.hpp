// One layer in the store: what is remembered of it, and whether it can be trusted. Private to this
// room.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "emulator/base/error.hpp"
#include "emulator/image/layer_unpacker.hpp"

namespace coldframe {

struct LayerRecord {
  std::int64_t bytes = 0;
  std::int64_t entries = 0;
  std::int64_t devices = 0;
  std::vector<std::string> implicit_directories;
};

// Writes layer.json beside a layer that has just been unpacked.
Result<void> remember_layer(const std::string& directory, const UnpackedLayer& layer);
// Nothing: it is not there, or was written before the host ended uncleanly: what the kernel had not
// put on the disk by then is missing.
std::optional<LayerRecord> find_layer(const std::string& directory);

// Marks what is on the disk by now, after a sync.
void mark_synced(const std::string& directory);

}  // namespace coldframe
