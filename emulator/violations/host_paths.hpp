// Paths that a function has looked for in vain, though the host has them: it was started from a
// directory that is not all of it.
//
//   missing_paths("/var/task/bootstrap: 2: exec: /srv/tools/run: not found\n")   //
//   {"/srv/tools/run"}
//
// Absolute paths of lines that say in one of several languages' words that something is not there;
// each once, at most 20. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace coldframe {

std::vector<std::string> missing_paths(std::string_view text);

}  // namespace coldframe
