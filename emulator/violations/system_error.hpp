// An error of the operating system in what a function shows, in the words of several languages.
//
//   find_system_error("[Errno 30] Read-only file system: '/models'")   // Python
//   find_system_error("EROFS: read-only file system, open '/models'")  // Node.js
//   find_system_error("open /models: read-only file system")           // Go
//   find_system_error("/models (Read-only file system)")               // Java; also NIO's form
//   find_system_error("Read-only file system (os error 30)")           // Rust, which names no path
//   find_system_error("touch: cannot touch '/models': Read-only file system")  // C, shells
//
// The kernel's phrase alone is no error: a sentence that talks about a read-only file system is
// somebody's own text. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace coldframe {

enum class SystemErrorKind {
  read_only,       // EROFS
  no_space,        // ENOSPC
  no_access,       // EACCES
  no_entry,        // ENOENT
  no_function,     // ENOSYS
  too_many_files,  // EMFILE
  try_again,       // EAGAIN
  no_network,      // ENETUNREACH
};

struct SystemError {
  SystemErrorKind kind;
  std::string path{};    // as the text has it; empty: it names none
  std::string before{};  // what stands before the phrase on its line: "fork/exec /bin/ls: "
};

// The first in the text; nothing: it shows none.
std::optional<SystemError> find_system_error(std::string_view text);

// Whether it shows one of this kind.
bool shows(std::string_view text, SystemErrorKind kind);

}  // namespace coldframe
