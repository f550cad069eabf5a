// The commands of the program. Each adds itself to the parser; when it was chosen and everything
// was parsed, its callback runs and leaves the exit code in `exit_code`.
//
//   CommandLine line;
//   return run_command_line(words, line);    // parses, runs, answers with the exit code
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace coldframe::cli {

struct CommandLine {
  std::string program = "coldframe";   // as the user called it
  std::vector<std::string> words;      // everything after the program's name, as typed
  std::vector<std::string> bootstrap;  // the words after `--`
  int exit_code = 0;
};

void add_invoke(CLI::App& app, CommandLine& line);
void add_serve(CLI::App& app, CommandLine& line);
void add_validate(CLI::App& app, CommandLine& line);
void add_bench(CLI::App& app, CommandLine& line);
void add_inspect(CLI::App& app, CommandLine& line);
void add_images(CLI::App& app, CommandLine& line);
void add_doctor(CLI::App& app, CommandLine& line);
void add_completion(CLI::App& app, CommandLine& line);

// All of them, on an empty parser.
void add_commands(CLI::App& app, CommandLine& line);
int run_command_line(std::vector<std::string> words, CommandLine& line);

}  // namespace coldframe::cli
