// The log of one environment: the function's own lines and the platform's, in order, to the
// program's stderr and (the last 4 096 bytes of the current invoke) to the caller that asked for
// its tail. One per environment, so that lines of two environments never mix within a line or a
// tail.
#pragma once

#include <string>
#include <string_view>

#include "emulator/base/fd_writer.hpp"
#include "emulator/model/function_config.hpp"
#include "emulator/process/log_frames.hpp"

namespace coldframe {

class EnvironmentLog {
 public:
  EnvironmentLog(TextSink& out, const FunctionConfig& config) : out_(out), config_(config) {}

  // A platform line (or several), complete with its line end.
  void platform(std::string_view lines);
  // An event of the function: below the configured level it is dropped (JSON logs only); CR inside
  // a line stands for a line end, as AWS's clients write multi-line messages.
  // Returns whether it was not dropped.
  bool function(const LogEvent& event);
  void begin_tail(bool wanted);
  std::string take_tail();

 private:
  void emit(std::string_view text);
  bool filtered_out(const LogEvent& event) const;

  TextSink& out_;
  const FunctionConfig& config_;
  bool tail_wanted_ = false;
  std::string tail_;
};

}  // namespace coldframe
