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

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(const std::string& name, std::string_view text) const;
  std::filesystem::path write_executable(const std::string& name, std::string_view text) const;
  // Empty if there is no such file.
  std::string read(const std::string& name) const;

 private:
  std::filesystem::path path_;
};

}  // namespace coldframe::testing
