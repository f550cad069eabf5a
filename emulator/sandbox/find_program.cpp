#include "emulator/sandbox/find_program.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace coldframe {

std::string find_program(std::string_view name, std::string_view path) {
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    const std::string_view directory = path.substr(at, end - at);
    at = end + 1;
    if (!directory.starts_with('/')) continue;  // never from where we happen to stand
    std::string program = std::string(directory) + "/" + std::string(name);
    struct stat about {};
    if (::stat(program.c_str(), &about) == 0 && S_ISREG(about.st_mode) &&
        ::access(program.c_str(), X_OK) == 0) {
      return program;
    }
  }
  return {};
}

std::string find_program(std::string_view name) {
  const char* path = std::getenv("PATH");
  return find_program(name,
                      std::string(path != nullptr ? path : "") + ":/usr/sbin:/sbin:/usr/bin:/bin");
}

}  // namespace coldframe
