// What to answer to words that the parser does not know: one sentence, with the word that was
// probably meant.
//
//   unknown_option("--evnt", app)     // "'--evnt' is not an option of coldframe invoke; did you …"
//   unexpected_word(app)              // the same for the first word that a parse has left over
//
// Hidden options and commands are not offered. Pure; `app` is the program or one of its commands.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace coldframe::cli {

std::string unknown_option(const std::string& word, const CLI::App& app);
std::string unknown_command(const std::string& word, const CLI::App& app);
// After app.parse() has thrown CLI::ExtrasError; `app` is the program.
std::string unexpected_word(CLI::App& app);

}  // namespace coldframe::cli
