// Finds the program of a function: ENTRYPOINT ++ CMD of an image configuration, or the `bootstrap`
// file of a custom runtime. A bare name is looked up as a shell would: in the caller's PATH, then
// in Lambda's; in the customer's alone if the function sets PATH.
#pragma once

#include <string>
#include <vector>

#include "emulator/model/function_config.hpp"

namespace coldframe {

struct EntryPoint {
  std::string executable;  // absolute path; empty: not found
  std::vector<std::string> argv;
  std::string problem;  // why it cannot be started; empty if it looks startable
  bool operator==(const EntryPoint&) const = default;
};

// Never fails: what is wrong stands in `problem`, in words fit for one sentence to a user.
EntryPoint find_entry_point(const FunctionConfig& config);

// AWS's words when there is no bootstrap: "Couldn't find valid bootstrap(s): [/var/task/bootstrap
// /opt/bootstrap]". Source: CloudWatch logs of custom runtimes.
inline constexpr const char* k_no_bootstrap =
    "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]";

}  // namespace coldframe
