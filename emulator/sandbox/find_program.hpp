// Where a helper program is: PATH, then where system tools live, which a user's PATH often lacks.
//
//   find_program("mke2fs")   // "/usr/sbin/mke2fs"
//
// Empty if it is nowhere. `path` as of the variable; reads the file system only. Any thread.
#pragma once

#include <string>
#include <string_view>

namespace coldframe {

std::string find_program(std::string_view name);
std::string find_program(std::string_view name, std::string_view path);

}  // namespace coldframe
