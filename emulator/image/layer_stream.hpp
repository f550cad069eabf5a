// The plain bytes of a layer, decoded ahead by one thread and hashed by another while the caller
// unpacks them.
//
//   LayerStream stream(std::move(*blob), "layer 2");
//   while (auto block = stream.next(); block && *block) …   // (*block)->bytes
//   auto digests = stream.finish();                          // of all, also of what was not taken
//
// A few megabytes are held at most. Its threads end with it. next() and finish() by one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "emulator/image/byte_source.hpp"
#include "emulator/image/sha256.hpp"

namespace coldframe {

struct LayerDigests {
  Digest blob;     // as it is stored
  Digest diff_id;  // decompressed
};

class LayerStream {
 public:
  using Block = std::shared_ptr<const std::vector<char>>;

  // `name` stands in errors.
  LayerStream(std::unique_ptr<ByteSource> blob, std::string name);
  LayerStream(const LayerStream&) = delete;
  LayerStream& operator=(const LayerStream&) = delete;
  ~LayerStream();

  // nullptr: the end. Errors: 2, the blob is damaged or more than an image may have; 4, it cannot
  // be read.
  Result<Block> next();
  // Reads what is left. Errors as above.
  Result<LayerDigests> finish();

 private:
  struct Work;
  std::unique_ptr<Work> work_;
};

}  // namespace coldframe
