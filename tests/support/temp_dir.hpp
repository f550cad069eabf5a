// A directory of the test's own, removed with everything in it at the end.
//
//   TempDir directory;
//   auto path = directory.write("dialogue.txt", "next\nhang\n");
//   auto program = directory.write_executable("bootstrap", "#!/bin/sh\nexit 1\n");
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace coldframe::testing {

class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }
  // These return the path of the file.
  std::string write(const std::string& name, std::string_view text, unsigned mode = 0644) const;
  std::string write_executable(const std::string& name, std::string_view text) const {
    return write(name, text, 0700);
  }
  // Empty if there is no such file.
  std::string read(const std::string& name) const;

 private:
  std::string path_;
};

}  // namespace coldframe::testing
