// The event of an invoke: from a file, standard input, the command line, function.json, or built
// around a plain body as a front of AWS would send it. Checked to be JSON of at most 6 MB before
// anything is started. Errors: exit code 2.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "emulator/base/error.hpp"
#include "emulator/config/function_file.hpp"

namespace coldframe {

struct EventOptions {
  std::string file;                 // -e FILE or -
  std::optional<std::string> text;  // --event JSON; an empty one was given all the same
  std::optional<std::string> body;  // --body TEXT
  std::string envelope;             // --as apigw-v1 | apigw-v2 | url | alb

  bool given() const { return !file.empty() || text || body; }
};

Result<std::string> read_event(const EventOptions& options, const FunctionFile& function);

// The event that the front would build around a POST with this body.
Result<std::string> build_envelope(std::string_view envelope, std::string_view body,
                                   const FunctionConfig& config, WallTime now);

}  // namespace coldframe
