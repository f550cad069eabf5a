// The first line of a small file, as those of /proc, /sys and our own ready files have it.
#pragma once

#include <fstream>
#include <string>

namespace coldframe {

// Empty, too, if it cannot be read.
inline std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

}  // namespace coldframe
