// From what a user typed to a function that can be started: the TARGET, the flags over the file,
// the environment between them, Lambda's defaults below. Everything is checked before anything is
// started.
//
//   auto target = resolve_target("function/scoring", bootstrap, overrides);
//
// Precedence: flag > environment (AWS_LAMBDA_FUNCTION_MEMORY_SIZE, _TIMEOUT, _NAME) > file > image
// > default. An image is imported into the store first. Errors: 2 (not a function, bad value), 4
// (the store cannot be used), 77 (a kind of target this version cannot run yet, or for another
// machine).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "emulator/base/error.hpp"
#include "emulator/config/function_file.hpp"
#include "emulator/config/image_target.hpp"

namespace coldframe {

struct Overrides {
  std::optional<int> memory_mb;
  std::optional<int> timeout_s;
  std::optional<int> tmp_mb;
  std::vector<std::string> variables;  // "KEY=VALUE", or "KEY" to pass the caller's own
  std::string variables_file;
  std::optional<std::string> name;
  std::optional<std::string> region;
  std::optional<std::string> account;
  std::optional<LogFormat> log_format;
  std::optional<Credentials> credentials;
  std::optional<Duration> init_limit;
  ImageOptions image;
  bool no_extensions = false;
};

// `bootstrap`: the words after `--`, in the current directory; then `target` must be empty.
Result<FunctionFile> resolve_target(const std::string& target,
                                    const std::vector<std::string>& bootstrap,
                                    const Overrides& overrides);

}  // namespace coldframe
