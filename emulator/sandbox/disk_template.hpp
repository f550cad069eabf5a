// Empty ext4 file systems to copy from: mke2fs takes milliseconds and is needed once per size.
//
//   auto file = copy_disk_template(512, "/home/u/.cache/coldframe");
//
// `directory` must exist; it gets one small sparse file per size ("tmp-512.ext4"), written
// atomically: several processes may ask at once. Blocks for milliseconds. Any thread.
#pragma once

#include <string>

#include "emulator/base/error.hpp"
#include "emulator/base/unique_fd.hpp"

namespace coldframe {

// A file of its own without a name, open for reading and writing, with a file system in which users
// can write `size_mb` (1 … 10240) MiB. Errors (exit code 4): mke2fs is missing or failed, the
// directory cannot be written. Nothing is left after one.
Result<UniqueFd> copy_disk_template(int size_mb, const std::string& directory);

// Removes what somebody who was killed has left half made in there; not what is being made. How
// many files.
int sweep_unfinished_templates(const std::string& directory);

// Copies only what is not a hole, and the size. 0 or errno.
int copy_extents(int from, int to);

// Bytes of the image for that much room: what ext4 itself needs comes on top.
std::int64_t disk_image_bytes(int size_mb);

}  // namespace coldframe
