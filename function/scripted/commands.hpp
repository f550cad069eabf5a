// The command table of the scripted runtime, in four parts by subject. README.md explains each row.
//
//   for (const Command& command : api_commands()) …

#pragma once

#include <span>

#include "script.hpp"

namespace scripted {

std::span<const Command> api_commands();      // next, error, obey, raw requests, second connection
std::span<const Command> reply_commands();    // everything that posts a response
std::span<const Command> expect_commands();   // checks, which end the program if they fail
std::span<const Command> process_commands();  // logs, time, memory, signals, children, files

}  // namespace scripted
