// A running emulator behind a command: signals watched, stdout written without blocking the loop.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "emulator/base/fd_writer.hpp"
#include "emulator/cli/options.hpp"
#include "emulator/emulator.hpp"
#include "emulator/report/result_file.hpp"
#include "emulator/violations/explain.hpp"

namespace coldframe::cli {

class Session {
 public:
  // Says on stderr what was left to us and is less than Lambda's: no limits or coarse ones, no
  // sandbox, the host's network. `verbose`: which limits and network are in force anyway.
  static Result<std::unique_ptr<Session>> start(EmulatorOptions options,
                                                std::vector<FunctionConfig> functions,
                                                bool verbose = false);
  ~Session() { emulator_->stop(); }  // while the writers that its loop flushes are alive
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Emulator& emulator() { return *emulator_; }
  // stdout; what is written to it comes behind the log lines so far.
  FdWriter& out() {
    emulator_->flush_log();
    return *out_;
  }
  // Stops everything and flushes stdout. The command's exit code: 128 + n if a signal ended it, 4
  // if stdout could not be written, else `code`. Tells what the sandboxes have seen; `ended_well`:
  // no function has failed; nothing: as `code` says. `advised`: see Emulator::closing_notes().
  int finish(int code, std::optional<bool> ended_well = std::nullopt,
             const std::set<std::string>& advised = {});

 private:
  explicit Session(std::unique_ptr<Emulator> emulator);

  std::unique_ptr<Emulator> emulator_;
  std::unique_ptr<FdWriter> out_;
  int write_error_ = 0;
};

// The common head of a result file; exit code and reasons are still to be filled in.
ResultHead result_head(const std::string& command, WallTime started, std::uint64_t seed,
                       const FunctionConfig& config, const Emulator& emulator,
                       const RunOptions& options);

// What the functions of this emulator run in, for explaining their failures.
Circumstances circumstances(const FunctionConfig& config, const Emulator& emulator);

// An Emulator's function as validate and bench want it.
class EmulatedFunction final : public FunctionUnderTest {
 public:
  EmulatedFunction(Emulator& emulator, std::string name)
      : emulator_(emulator), name_(std::move(name)) {}
  Result<Observation> invoke(std::string_view event) override {
    InvokeRequest request;
    request.function = name_;
    request.payload = make_payload(std::string(event));
    return emulator_.observe(std::move(request));
  }
  Result<void> recycle() override {
    if (auto ended = emulator_.recycle(name_); !ended) return ended;
    return emulator_.prepare(name_);
  }

 private:
  Emulator& emulator_;
  std::string name_;
};

}  // namespace coldframe::cli
