// The image that a function comes in, ready to be run: its files and what it says of itself.
//
//   config.image->directories      // for overlayfs, the topmost first
//
// Immutable and shared by all who run the function; any thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace coldframe {

struct FunctionImage {
  std::string name;    // as the user has named it
  std::string digest;  // "sha256:…" of its manifest (of its configuration in a docker archive)
  std::vector<std::string> directories;  // of the host; not empty
  bool has_trusted_xattrs = true;        // what overlayfs needs is written as root writes it
  bool has_owners = true;                // else all files belong to whoever unpacked them
  std::map<std::string, std::string> variables;  // its ENV
  std::shared_ptr<const void> in_use;            // keeps the files where they are
};

}  // namespace coldframe
