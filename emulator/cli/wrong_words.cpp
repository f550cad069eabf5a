#include "emulator/cli/wrong_words.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include "emulator/base/spelling.hpp"

namespace coldframe::cli {
namespace {

// "coldframe bench cold"
std::string full_name(const CLI::App& app) {
  return (app.get_parent() != nullptr ? full_name(*app.get_parent()) + " " : "") + app.get_name();
}

// "; did you mean --event?", or where to look.
std::string advice(const std::string& guess, const CLI::App& app) {
  if (guess.empty()) return "; see " + full_name(app) + " --help";
  return did_you_mean(guess, "");
}

// The command that the user has reached: "bench cold" of "coldframe bench cold f --strats 3".
CLI::App& chosen_command(CLI::App& app) {
  const auto parsed = app.get_subcommands();
  return parsed.empty() ? app : chosen_command(*parsed.front());
}

}  // namespace

std::string unknown_option(const std::string& word, const CLI::App& app) {
  const std::string name = word.substr(0, word.find('='));
  const auto listed =
      app.get_options([](const CLI::Option* option) { return !option->get_group().empty(); });
  std::vector<std::string_view> known;
  for (const CLI::Option* option : listed) {
    const auto& names = option->get_lnames();
    known.insert(known.end(), names.begin(), names.end());
  }
  // Without dashes: in a short name, two of them would count as much as the letters. One letter
  // resembles every other.
  const std::string letters = name.substr(std::min(name.find_first_not_of('-'), name.size()));
  const std::string guess = letters.size() > 1 ? nearest_word(letters, known) : "";
  return "'" + name + "' is not an option of " + full_name(app) +
         advice(guess.empty() ? "" : "--" + guess, app);
}

std::string unknown_command(const std::string& word, const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands(
           [](const CLI::App* candidate) { return !candidate->get_group().empty(); })) {
    names.push_back(command->get_name());
    const auto& aliases = command->get_aliases();
    names.insert(names.end(), aliases.begin(), aliases.end());
  }
  return "'" + word + "' is not a command" +
         advice(nearest_word(word, {names.begin(), names.end()}), app);
}

std::string unexpected_word(CLI::App& app) {
  const CLI::App& command = chosen_command(app);
  const auto words = app.remaining(true);
  const auto option = std::find_if(words.begin(), words.end(), [](const std::string& word) {
    return word.size() > 1 && word.front() == '-';
  });
  if (option != words.end()) return unknown_option(*option, command);
  return "'" + (words.empty() ? "" : words.front()) + "' is a word too many for " +
         full_name(command) + advice("", command);
}

}  // namespace coldframe::cli
