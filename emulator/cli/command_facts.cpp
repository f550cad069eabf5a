#include "emulator/cli/command_facts.hpp"

#include <algorithm>
#include <cctype>

namespace coldframe::cli {
namespace {

OptionFacts facts_of(const CLI::Option& option) {
  OptionFacts facts;
  facts.description = option.get_description();
  facts.repeatable = option.get_items_expected_max() > 1;
  if (option.nonpositional()) {
    for (const auto& name : option.get_snames())
      facts.names.push_back("-" + name);
    for (const auto& name : option.get_lnames())
      facts.names.push_back("--" + name);
    if (option.get_items_expected_max() > 0) facts.value = option.get_type_name();
  } else {
    facts.positional = true;
    facts.names = {option.get_name(true)};
    facts.value = option.get_type_name();
    if (facts.choices().empty()) facts.value.clear();  // "TEXT" says nothing
  }
  return facts;
}

void collect(const CLI::App& app, std::vector<std::string> path, std::vector<CommandFacts>& out) {
  CommandFacts facts;
  facts.path = path;
  facts.aliases = app.get_aliases();
  facts.description = app.get_description();
  facts.footer = app.get_footer();
  const auto visible_option = [](const CLI::Option* option) {
    return !option->get_group().empty();
  };
  for (const CLI::Option* option : app.get_options(visible_option))
    facts.options.push_back(facts_of(*option));
  const auto below =
      app.get_subcommands([](const CLI::App* command) { return !command->get_group().empty(); });
  for (const CLI::App* command : below) {
    facts.commands.push_back(command->get_name());
    for (const auto& alias : command->get_aliases())
      facts.commands.push_back(alias);
  }
  out.push_back(std::move(facts));
  for (const CLI::App* command : below) {
    auto longer = path;
    longer.push_back(command->get_name());
    collect(*command, std::move(longer), out);
  }
}

}  // namespace

std::vector<std::string> OptionFacts::choices() const {
  std::vector<std::string> words;
  if (value.find('|') == std::string::npos) return words;
  for (std::size_t at = 0; at <= value.size();) {
    const std::size_t end = std::min(value.find('|', at), value.size());
    const std::string word = value.substr(at, end - at);
    // "DURATION" in "aws|DURATION" stands for a value.
    if (std::any_of(word.begin(), word.end(), [](unsigned char c) { return std::islower(c) != 0; }))
      words.push_back(word);
    at = end + 1;
  }
  return words;
}

std::string CommandFacts::text() const {
  std::string out;
  for (const auto& word : path)
    out += (out.empty() ? "" : " ") + word;
  return out;
}

std::vector<CommandFacts> command_facts(const CLI::App& app) {
  std::vector<CommandFacts> out;
  collect(app, {}, out);
  return out;
}

}  // namespace coldframe::cli
