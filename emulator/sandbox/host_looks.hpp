// What was found on the host's file system, kept, so that it can be asked later whether all of it
// would be found again.
//
//   HostLooks looks;
//   if (looks.is_folder("/opt/venv/lib")) … looks.link_target("/bin") …   // "usr/bin"
//   if (!looks.still_so()) …                                // somebody has changed one of these
//
// What was made of nothing but these answers would come out the same as long as they do. Asking
// again takes a system call each (three for the beginning of a file), and no memory. Never fails:
// what cannot be looked at is not there. Value type; one thread at a time.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace coldframe {

class HostLooks {
 public:
  bool is_folder(const std::filesystem::path& path);
  bool is_there(const std::filesystem::path& path);
  // As it is written in the link; empty: it is none.
  std::filesystem::path link_target(const std::filesystem::path& path);
  // At most `most` bytes, 1 … 4096; empty, too, if it cannot be read.
  std::string beginning(const std::filesystem::path& file, std::size_t most);

  bool still_so() const;

 private:
  enum class Kind { place, link, text };
  struct Look {
    Kind kind;
    std::string path;
    std::string found;
    std::size_t most = 0;  // bytes of a text
  };
  const std::string& look(Kind kind, const std::filesystem::path& path, std::size_t most = 0);

  std::vector<Look> looks_;
};

}  // namespace coldframe
