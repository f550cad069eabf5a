// What limits back-ends share: what they need from the house, and notes that are said once.
#pragma once

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <string>
#include <vector>

#include "emulator/base/fd_writer.hpp"
#include "emulator/base/offload.hpp"
#include "emulator/limits/limits_backend.hpp"

namespace coldframe {

// Outlives a back-end and what it creates.
struct LimitsHouse {
  boost::asio::io_context& io;
  Timers& timers;
  const Clock& clock;
  TextSink& log;
  Offload& offload;  // for what takes the kernel long, and nothing that takes longer than that
};

class OnceNotes {
 public:
  explicit OnceNotes(TextSink& log) : log_(log) {}
  void note(const std::string& sentence) {
    if (std::find(said_.begin(), said_.end(), sentence) != said_.end()) return;
    said_.push_back(sentence);
    log_.write("coldframe: note: " + sentence + "\n");
  }

 private:
  TextSink& log_;
  std::vector<std::string> said_;
};

}  // namespace coldframe
