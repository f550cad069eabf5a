// A dialogue: commands, one a line, from a file or an event, all checked before the first plays.
//
//   Script script = parse_file("crash.txt");
//   Steps steps = parse_lines("<event>", {"print hello", "exit 1"});
//
// A line is `NAME ARGUMENTS`; `#` opens a comment line. on-start, repeat and forever own the lines
// up to their `end`. An unknown name or a bad argument throws Stop with exit code 64 and its place.

#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace scripted {

class Player;
struct Step;
using Steps = std::vector<Step>;

// What an argument of a command is.
enum class Kind {
  word,      // one word, escapes resolved, @{…} replaced when played
  text,      // the rest of the line, likewise; may be empty
  number,    // 0, 1, 2…
  size,      // bytes: 512, 64KB, 512MB, 1GB
  duration,  // 250ms, 3s, 5m
  words,     // any number of plain words, each optional
  command,   // a whole command, for respond-if-event
};

struct Argument {
  std::string text;  // word, text, words (separated by single spaces)
  std::uint64_t number = 0;
  std::chrono::milliseconds duration{};
};
using Arguments = std::vector<Argument>;

// One row of the command table. `usage` names the arguments in errors and in README.
struct Command {
  std::string_view name;
  std::string_view usage;
  std::vector<Kind> kinds;
  void (*play)(Player& player, const Arguments& arguments, const Steps& block);
  bool opens_block = false;
};

struct Step {
  const Command* command = nullptr;
  std::string place;  // FILE:LINE
  Arguments arguments;
  Steps block;  // of on-start, repeat, forever; the one command of respond-if-event
};

const Command* find_command(std::string_view name);  // null if unknown

Steps parse_file(const std::string& path);
Steps parse_lines(const std::string& name, const std::vector<std::string>& lines);

// Cuts "a; b\; c" at each `;` that no backslash precedes.
std::vector<std::string> split_at_semicolons(std::string_view text);

}  // namespace scripted
