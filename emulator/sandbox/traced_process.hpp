// Looks into a process that waits in a system call for us.
//
//   TracedProcess process(pid);
//   process.text_at(address);                // "cache.db"
//   process.resolve(AT_FDCWD, "cache.db");   // {"/var/task/cache.db", exists}
//
// Everything may be refused or gone meanwhile; then there is less, never an error. One thread.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "emulator/base/unique_fd.hpp"

namespace coldframe {

class TracedProcess {
 public:
  explicit TracedProcess(pid_t pid);

  // At most `size` bytes; fewer if there are no more, none if it cannot be read.
  std::vector<std::byte> bytes_at(std::uint64_t address, std::size_t size) const;
  // Up to the zero byte; nothing if there is none within PATH_MAX.
  std::optional<std::string> text_at(std::uint64_t address) const;

  struct Place {
    std::string path;  // absolute, as the process sees it; links followed unless it is in a chroot
    bool exists;
  };
  // `directory`: a descriptor of the process, or AT_FDCWD. `follow`: the last part of the path too,
  // if it is a link. Nothing if that is not known.
  std::optional<Place> resolve(int directory, const std::string& path, bool follow = true) const;
  // Whether modes let its user read what is there, and pass each directory before; true if that is
  // not known. For a process without capabilities and more groups; no lists of access are read.
  bool may_read(const std::string& absolute) const;

 private:
  pid_t pid_;
  UniqueFd root_;
  bool sees_all_ = false;
};

}  // namespace coldframe
