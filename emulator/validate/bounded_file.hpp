// Files that a user names, read with a limit: /dev/zero and a pipe without end are refused instead
// of filling the memory.
//
//   BoundedLines lines(file, {16 << 20, total_left});
//   if (auto ok = lines.open(); !ok) return ok.error();
//   while (auto line = lines.next()) { if (!*line) break; use(**line); }
//
// Errors are a reason alone ("No such file or directory"); the caller names the file. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "emulator/base/error.hpp"
#include "emulator/base/unique_fd.hpp"

namespace coldframe {

struct BoundedText {
  std::string text;
  std::string too_large;  // "6291457" or "more than 6291456": its bytes; empty: it is all there
};
Result<BoundedText> read_bounded(const std::string& path, std::size_t most);

class BoundedLines {
 public:
  // `total_left` goes down with every byte that is read.
  BoundedLines(std::size_t longest_line, std::size_t& total_left)
      : longest_line_(longest_line), total_left_(total_left) {}
  Result<void> open(const std::string& path);
  // Without its line break; valid until the next call. Nothing: the file has ended.
  Result<std::optional<std::string_view>> next();

 private:
  Result<bool> fill();  // false: the end

  std::size_t longest_line_;
  std::size_t& total_left_;
  UniqueFd file_;
  std::string text_;
  std::size_t at_ = 0;
  bool ended_ = false;
};

}  // namespace coldframe
