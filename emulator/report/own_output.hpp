// Tells the files that this program writes from those that a person edits, by how they begin:
//
//   is_own_output("/f/result.json")  // true after `coldframe bench … --json /f/result.json`
//
// False for what cannot be read. Reads a few bytes and keeps nothing.
#pragma once

#include <string>

namespace coldframe {

// A result file (--json) or a JUnit file (--junit).
bool is_own_output(const std::string& path);

}  // namespace coldframe
