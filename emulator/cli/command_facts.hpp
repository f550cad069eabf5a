// The commands and options of the parser as plain facts, for what is made from them: completions
// and the manual page. Hidden ones are left out, as in --help.
//
//   for (const CommandFacts& command : command_facts(app)) …     // the program itself first
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace coldframe::cli {

struct OptionFacts {
  std::vector<std::string> names;  // "-e", "--event-file"; a positional has "TARGET"
  std::string value;               // "FILE", "none|env"; empty: takes none
  std::string description;
  bool positional = false;
  bool repeatable = false;

  bool takes_file() const { return value == "FILE" || value == "FILE|-"; }
  std::vector<std::string> choices() const;  // of "none|env"; empty if it is not such a list
};

struct CommandFacts {
  std::vector<std::string> path;     // {"bench", "cold"}; empty: the program
  std::vector<std::string> aliases;  // other names of the last word
  std::string description;
  std::string footer;
  std::vector<OptionFacts> options;
  std::vector<std::string> commands;  // names and aliases of those below

  std::string text() const;  // "bench cold"
};

std::vector<CommandFacts> command_facts(const CLI::App& app);

// Made from them; each ends with a line break.
std::string bash_completion(const std::vector<CommandFacts>& commands);
std::string zsh_completion(const std::vector<CommandFacts>& commands);
std::string fish_completion(const std::vector<CommandFacts>& commands);
std::string man_page(const std::vector<CommandFacts>& commands, const std::string& version);

}  // namespace coldframe::cli
