// The file that says that a server accepts: one line, http://HOST:PORT. It is there when, and only
// when, that port accepts; one that another living server has written is left alone.
//
//   ReadyFile file(path);
//   if (auto ok = file.prepare(); !ok) return fail(ok.error());   // before anything is started
//   … listen …
//   file.write(url);                                              // removed by the destructor
//
// Owned by the command; one thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "emulator/base/error.hpp"

namespace coldframe::cli {

class ReadyFile {
 public:
  explicit ReadyFile(std::string path) : path_(std::move(path)) {}
  ~ReadyFile() { remove(); }
  ReadyFile(const ReadyFile&) = delete;
  ReadyFile& operator=(const ReadyFile&) = delete;

  // Whether it can be written (exit code 2), and removes one that a server that is gone has left.
  Result<void> prepare();
  // Whole or not at all. Error: exit code 4.
  Result<void> write(const std::string& url);
  // Every file that it writes; empty: none.
  std::vector<std::filesystem::path> paths() const;
  // Unless it is another's by now.
  void remove();

 private:
  std::string part() const { return path_ + ".part"; }

  std::string path_;
  std::string written_;  // our line; empty: none
};

}  // namespace coldframe::cli
