// What is big: bytes by layer, by installed package and by other directories.
//
//   for (const BigPart& part : biggest_parts(look)) …      // the largest first
//
// Pure.
#pragma once

#include <string>
#include <vector>

#include "emulator/inspect/look.hpp"

namespace coldframe::inspect {

struct BigPart {
  std::string kind;  // "layer", "package", "directory"
  std::string name;
  std::int64_t bytes = 0;
};

// At most `most` of each kind.
std::vector<BigPart> biggest_parts(const Look& look, std::size_t most = 8);

// Of all layers, before and after what higher ones replace and remove; of a directory its files.
std::int64_t total_bytes(const Look& look);

// "959 MB", "1.20 GB".
std::string size_text(std::int64_t bytes);

// W16 for an image that is so large that it is not unpacked.
Finding too_large(std::int64_t bytes);

}  // namespace coldframe::inspect
