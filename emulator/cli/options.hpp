// What a user typed, before anybody has an opinion about it; and its meaning for a running command.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "emulator/base/error.hpp"
#include "emulator/cli/messages.hpp"
#include "emulator/config/event_source.hpp"
#include "emulator/config/function_file.hpp"
#include "emulator/config/target.hpp"
#include "emulator/emulator.hpp"

namespace coldframe::cli {

// Options that every running command takes; texts as typed.
struct RunOptions {
  std::vector<std::string> targets;
  std::vector<std::string> bootstrap;  // the words after `--`
  std::string memory, timeout, tmp;
  std::vector<std::string> variables;
  std::string variables_file;
  std::optional<std::string> name, region, account;
  std::string log_format;
  std::string limits = "auto", sandbox = "auto", network = "auto", freeze = "on";
  std::string credentials;
  std::string cpu_scale;
  std::string init_limit;
  std::string time_scale;
  std::string seed;
  std::string store;  // of images
  bool trace_denied = false;
  bool no_extensions = false;
  bool verbose = false;
};

// Adds them to a command. `many`: it takes several TARGETs.
void add_run_options(CLI::App& app, RunOptions& options, bool many = false);

// --trace-denied, for the commands that are not timed.
void add_trace_option(CLI::App& app, RunOptions& options);

// Those that name the event; `file_help` says what -e is for here.
void add_event_options(CLI::App& app, EventOptions& options, const std::string& file_help);

// Texts → checked values. Refuses, with exit code 77, what this version cannot do yet.
Result<Overrides> read_overrides(const RunOptions& options);
Result<EmulatorOptions> read_emulator_options(const RunOptions& options);

// One target, checked. `many`: the command takes several TARGETs.
Result<FunctionFile> check_target(const RunOptions& options, const std::string& target,
                                  const Overrides& overrides, bool many = false);
// The same, with notes and warnings printed on stderr.
Result<FunctionFile> read_target(const RunOptions& options, const std::string& target,
                                 const Overrides& overrides, bool many = false);

// Byte code that would give old answers is removed from the directory of a function.json, and told
// of.
void drop_byte_code(const FunctionFile& file, const std::function<void(const std::string&)>& tell);

// For the commands that call the function themselves. Error: Lambda would throttle every call.
Result<void> check_invokable(const FunctionConfig& config);

}  // namespace coldframe::cli
