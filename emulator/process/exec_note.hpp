// What a new child tells of its exec, in the words of a launch failure. Pure.
#pragma once

#include <string>

#include "emulator/process/runtime_process.hpp"
#include "emulator/process/spawn.hpp"

namespace coldframe {

// "fork/exec /x/bootstrap: no such file or directory", as AWS has it (Go's words).
LaunchFailure explain(const ExecNote& note, const ProcessSpec& spec);

// "No such file" → "no such file".
std::string lower_first(std::string text);

}  // namespace coldframe
