// Undoes the compression of an archive or a layer, if it has one that images have.
//
//   auto plain = decompressed(std::move(source), "layer 3");
//   (*plain)->read(room);
//
// What it is shows in its first bytes, whatever its name or media type says. Checksums are
// verified. Error: 2 for another compression and for damaged data, with `name`.
#pragma once

#include <memory>
#include <string>

#include "emulator/image/byte_source.hpp"

namespace coldframe {

Result<std::unique_ptr<ByteSource>> decompressed(std::unique_ptr<ByteSource> source,
                                                 const std::string& name);

}  // namespace coldframe
