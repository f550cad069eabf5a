// The commands of the program. Each adds itself to the parser; when it was chosen and everything
// was parsed, its callback runs and leaves the exit code in `exit_code`.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace coldframe::cli {

struct CommandLine {
  std::vector<std::string> bootstrap;  // the words after `--`
  int exit_code = 0;
};

void add_invoke(CLI::App& app, CommandLine& line);
void add_serve(CLI::App& app, CommandLine& line);
void add_validate(CLI::App& app, CommandLine& line);
void add_bench(CLI::App& app, CommandLine& line);
void add_doctor(CLI::App& app, CommandLine& line);

}  // namespace coldframe::cli
