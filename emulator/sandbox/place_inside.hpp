// Where paths lead in a root that is still being built, as for a process that has it for its root.
// The kernel would follow an absolute link, wherever in the path, to the host's own files.
//
//   if (const UniqueFd file = open_inside("etc/resolv.conf")) …        // it is there
//   else if (const auto path = make_place_inside("etc/resolv.conf")) … // it can be made there
//
// Paths are relative to the new root, which is the working directory.
#pragma once

#include <optional>
#include <string>

#include "emulator/base/unique_fd.hpp"

namespace coldframe {

// What is there by now (O_PATH), behind all links. None: errno; ELOOP for too many links.
UniqueFd open_inside(const std::string& path);

// For what is not there: the same place without a link in its path, and its directory made where
// there was none. Nothing if it exists after all, leads in a circle, or its directory is on another
// file system than the new root: there it is not ours to make something.
std::optional<std::string> make_place_inside(const std::string& path);

// A directory, made if there is nothing. Errors: errno.
UniqueFd open_or_make_inside(const std::string& path);

}  // namespace coldframe
