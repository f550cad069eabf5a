// The keys of function.json, each with its meaning. Private to this room; throws Fault.
#pragma once

#include <filesystem>

#include "emulator/config/function_file.hpp"
#include "emulator/config/json_node.hpp"

namespace coldframe {

// Refuses misspelt keys, remembers those that mean nothing here, reads all the others.
void read_function_keys(const Node& top, FunctionFile& file, const std::filesystem::path& base);

}  // namespace coldframe
