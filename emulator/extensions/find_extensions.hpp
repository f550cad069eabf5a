// The external extensions of a function: what an environment finds in /opt/extensions, of an image
// or of the directory that function.json names for it. The one place that knows where they are
// kept.
//
//   for (const auto& file : find_extensions(config)) start(file.path);   // by name, in order
//
// Reads the host's file system, if the function can have any; any thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "emulator/model/function_config.hpp"

namespace coldframe {

inline constexpr const char* k_extensions_inside = "/opt/extensions";
// Beside that directory; what is in it does not matter.
inline constexpr const char* k_disables_extensions = "disable-extensions-jwigqn8j";

struct ExtensionFile {
  std::string name;            // its file name: what it registers with
  std::filesystem::path path;  // of the host; of an image: inside
  bool operator==(const ExtensionFile&) const = default;
};

// Whether the Extensions API is there at all; if not, its routes are unknown.
bool has_extensions_api(const FunctionConfig& config);
// Executable files, in the order of their names. None if the API is not there.
std::vector<ExtensionFile> find_extensions(const FunctionConfig& config);

}  // namespace coldframe
