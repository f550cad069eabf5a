// Byte code that Python would take for that of a file which has changed since: it compares times by
// the second and sizes, so an edit in the same second that leaves the size alone goes unseen, and
// an old answer is given. On Lambda a function's directory is read-only and nothing of the kind is
// written there.
//
//   const auto found = drop_outdated_byte_code(config.task_root);
//   for (const auto& path : found.removed) note(path + " was outdated…");
//
// Any thread; reads the names of a directory tree, and the heads of the byte code in it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace coldframe {

// Removes each `__pycache__/NAME.….pyc` below `directory` that bears time and size of its NAME.py,
// although that was written after it, or
// in the same tick of the kernel. Not looked into: links, packages (site-packages, node_modules),
// hidden directories; no more than 20 000 entries.
struct OutdatedByteCode {
  std::vector<std::string> removed;
  std::vector<std::string> left;  // they cannot be: not this user's
};
OutdatedByteCode drop_outdated_byte_code(const std::filesystem::path& directory);

}  // namespace coldframe
