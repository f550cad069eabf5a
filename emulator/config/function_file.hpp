// Reads function.json: AWS's own names, so that the output of `aws lambda
// get-function-configuration` works unchanged, and a `Coldframe` object of our own. Relative paths
// are relative to the file.
//
//   auto loaded = load_function_file("function/scoring/function.json");
//
// Every value is checked here: type, range, spelling. An error is one sentence that names the file
// and the key (exit code 2). Unknown AWS keys are kept in `ignored_keys` for -v.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/base/error.hpp"
#include "emulator/model/function_config.hpp"

namespace coldframe {

// Where an image is, and which one of several.
struct ImageTarget {
  std::string path;       // of an archive or a layout; "-": standard input
  std::string reference;  // "NAME:TAG", "TAG" or a digest; empty: the only one
};

struct FunctionFile {
  FunctionConfig config;
  std::filesystem::path path{};  // empty: a command, or a directory without a file
  bool image = false;            // what is missing in the file may stand in a container image
  std::optional<ImageTarget> image_target;  // what is run instead of a directory
  bool architecture_given = false;
  bool name_given = false;
  bool sized = false;           // MemorySize or Timeout was given
  std::filesystem::path event;  // Coldframe.Event; absolute, empty if none
  std::vector<std::filesystem::path> goldens;
  std::vector<std::string> budgets;
  std::map<std::string, std::string> ignored_findings;  // of inspect: id, and why
  std::vector<std::string> ignored_keys;                // AWS keys that mean nothing locally
  std::vector<std::string> warnings;                    // complete sentences
};

Result<FunctionFile> load_function_file(const std::filesystem::path& path);
// The same from a text; `path` stands in errors and anchors relative paths.
Result<FunctionFile> parse_function_file(std::string_view text, const std::filesystem::path& path);

// Merges `-n env.json` (SAM's shape: {"Parameters": {…}} or {"<FunctionName>": {…}}) into
// variables. Warns of a file that has nothing for this function.
Result<void> merge_variables_file(const std::filesystem::path& path, FunctionConfig& config,
                                  std::vector<std::string>& warnings);
// Error: 2, Lambda does not take it; one that begins with `_` passes.
Result<void> check_variable_name(const std::string& name, const std::string& where);
// Checks names and total size of the customer's variables; drops those that begin with `_`.
Result<void> check_variables(FunctionConfig& config, const std::string& where,
                             std::vector<std::string>& warnings);

// `most`: reading stops above so many bytes, and the file is refused.
Result<std::string> read_text_file(const std::filesystem::path& path, const std::string& what,
                                   std::size_t most = std::size_t{4} << 20);

Result<void> check_function_name(const std::string& name, const std::string& where);
// "; did you mean DIR/event.json?" where a path is not there, but is in the function's directory.
std::string hint_in_directory(const std::string& path, const FunctionConfig& config);
Result<void> check_version(const std::string& version, const std::string& where);
Result<void> check_region(const std::string& region, const std::string& where);
Result<void> check_account(const std::string& account, const std::string& where);
Result<void> check_memory(std::int64_t megabytes, const std::string& where);
Result<void> check_timeout(std::int64_t seconds, const std::string& where);
Result<void> check_tmp(std::int64_t megabytes, const std::string& where);

}  // namespace coldframe
