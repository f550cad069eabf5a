// What the program itself says on stderr, a line a message. While a session lives its log has
// stderr: then lines go through Emulator::log, so that none is torn and nobody waits for the
// reader.
//
//   return fail(usage_error("…"));           // coldframe: …
//   emulator.log(note_line("… changed"));    // coldframe: note: … changed
#pragma once

#include <string>
#include <string_view>

#include "emulator/base/error.hpp"

namespace coldframe::cli {

// Control characters escaped and the middle of a very long text left out: fit for a terminal.
std::string one_line(std::string_view text);

std::string note_line(std::string_view text);
std::string warning_line(std::string_view text);

// Whole lines, as they are.
void print(std::string_view lines);
// Prints "coldframe: MESSAGE" and returns the exit code.
int fail(const Error& error);
void note(std::string_view text);
void warn(std::string_view text);

// From now on, what stderr does not take within a second is dropped: a signal has told us to end.
void end_without_waiting_for_stderr();

}  // namespace coldframe::cli
