// What validate and bench share: one checked target, an emulator with one environment, a progress
// line on a terminal, and an end that says why.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "emulator/cli/quiet_log.hpp"
#include "emulator/cli/session.hpp"
#include "emulator/validate/golden_case.hpp"

namespace coldframe::cli {

struct Prepared {
  FunctionFile file;
  EmulatorOptions emulator;
  WallTime started{};
};

// Checks flags and target; nothing is started yet.
Result<Prepared> prepare(RunOptions& options, const std::vector<std::string>& bootstrap);

// The golden files to use: those of --golden, else Coldframe.Golden of function.json. Paths below
// the current directory are made relative to it. Error: there are none (`required`).
Result<std::vector<std::string>> golden_files(const std::vector<std::string>& given,
                                              const FunctionFile& file, bool required);

// Rewrites one line on a terminal; silent elsewhere.
class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine() { clear(); }
  void show(const std::string& text);
  void clear();

 private:
  bool terminal_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point last_{};
};

// Ends the session and reports an error of the run: 128 + n if a signal was the cause.
int finish_with_error(Session& session, const Error& error);

}  // namespace coldframe::cli
