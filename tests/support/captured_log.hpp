// The emulator's log in memory.
//
//   CapturedLog log;
//   options.log = &log;
//   EXPECT_TRUE(log.contains("END RequestId: "));
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/base/fd_writer.hpp"

namespace coldframe::testing {

class CapturedLog final : public TextSink {
 public:
  void write(std::string_view text) override { text_ += text; }
  void clear() { text_.clear(); }

  const std::string& text() const { return text_; }
  bool contains(std::string_view part) const { return text_.find(part) != std::string::npos; }
  // Without their line ends; text after the last line end is a line, too.
  std::vector<std::string> lines() const;
  std::vector<std::string> lines_starting(std::string_view prefix) const;
  // How many lines start with `prefix`.
  int count(std::string_view prefix) const {
    return static_cast<int>(lines_starting(prefix).size());
  }

 private:
  std::string text_;
};

// Also for text that came another way, such as a decoded log tail.
std::vector<std::string> split_lines(std::string_view text);

}  // namespace coldframe::testing
