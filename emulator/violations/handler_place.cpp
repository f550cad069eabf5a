#include "emulator/violations/handler_place.hpp"

namespace coldframe {

HandlerPlace find_handler(const FunctionConfig& config) {
  if (!config.command.empty()) {
    // Runtime and Handler are made into a command of one word.
    const bool is_zip = !config.runtime.empty() && config.command.size() == 1 &&
                        config.command.front() == config.handler;
    return {config.command.back(),
            is_zip ? "Handler in function.json" : "ImageConfig.Command in function.json"};
  }
  if (config.entry_point.size() < 2) return {};
  // Of the words after -- the last is the handler.
  const bool is_typed = config.handler == config.entry_point.back();
  return {config.entry_point.back(),
          is_typed ? "of the command" : "ImageConfig.EntryPoint in function.json"};
}

}  // namespace coldframe
