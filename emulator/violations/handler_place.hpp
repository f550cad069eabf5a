// Which handler a runtime client is given, and where a user has written it.
//
//   find_handler(config)        // {"app.handler", "ImageConfig.Command in function.json"}
//
// Pure; any thread.
#pragma once

#include <string>

#include "emulator/model/function_config.hpp"

namespace coldframe {

struct HandlerPlace {
  std::string handler;  // empty: none is known, what is started has no argument
  std::string place;    // "Handler in function.json", …; "of the command" behind --
};

HandlerPlace find_handler(const FunctionConfig& config);

}  // namespace coldframe
