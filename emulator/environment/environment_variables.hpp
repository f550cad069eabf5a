// The variables a runtime starts with, exactly those that were recorded on AWS: reserved ones win
// over the customer's, nothing of the caller's own environment leaks in, and there is no HOME.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "emulator/model/function_config.hpp"

namespace coldframe {

struct EnvironmentFacts {
  std::string runtime_api;  // host:port
  std::string log_stream;   // "2026/11/24/[$LATEST]<32 hex>"
  std::string initialization_type = "on-demand";
  std::string task_root;  // these two as the function sees them
  std::string working_directory;
  int log_fd = 62;
};

// "NAME=value" texts, in a stable order.
std::vector<std::string> environment_variables(const FunctionConfig& config,
                                               const EnvironmentFacts& facts);

// The same for an external extension, which does not get what is the runtime's own.
std::vector<std::string> extension_variables(const FunctionConfig& config,
                                             const EnvironmentFacts& facts);

// `_HANDLER`; empty: there is none.
std::string handler_of(const FunctionConfig& config);

// Whether a customer's value for this name never reaches the function.
bool is_reserved_variable(std::string_view name);
// AWS's rule for customer keys: a letter, then at least one of [A-Za-z0-9_].
bool is_valid_variable_name(std::string_view name);

// Values that stand for the role's credentials when the caller's own are not passed on.
inline constexpr std::string_view k_made_up_access_key = "ASIACOLDFRAMEEXAMPLE";

// PATH as on Lambda, unless the customer set another.
std::string search_path(const FunctionConfig& config);

}  // namespace coldframe
