// From the words that a user typed to a chosen command: what is common to all of them.
#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <functional>
#include <string_view>
#include <utility>

#include "emulator/cli/commands.hpp"
#include "emulator/cli/options.hpp"
#include "emulator/cli/wrong_words.hpp"

namespace coldframe::cli {
namespace {

// Promised, and not there yet: exit code 77 instead of 2.
constexpr std::array k_later_commands{"record", "review",   "accept",  "compare",
                                      "sweep",  "simulate", "profile", "check",
                                      "shell",  "init",     "explain", "report"};
constexpr std::array k_later_options{"--faults", "--fuzz", "--state", "--html", "--rie-compat"};

// Options that bench or validate has, and these commands will have.
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> k_later_options_of{
    {{"invoke", "--threshold"}, {"invoke", "--max-time"}, {"validate", "--threshold"}}};

template <typename List>
bool contains(const List& list, const std::string& word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

void for_each_command(CLI::App& app, const std::function<void(CLI::App&)>& visit) {
  visit(app);
  for (CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    for_each_command(*command, visit);
  }
}

// An empty value (often a shell variable that is not set) is a mistake, not an absent option. Only
// a body may be empty: some requests have none.
void refuse_empty_values(CLI::App& app) {
  for_each_command(app, [](CLI::App& command) {
    for (CLI::Option* option : command.get_options()) {
      if (option->get_items_expected_max() == 0 || option->check_lname("body")) continue;
      option->check(
          [](const std::string& value) {
            return value.empty() ? std::string("the value is empty") : std::string();
          },
          "");
    }
  });
}

bool is_option(CLI::App& app, const std::string& name) {
  bool found = false;
  for_each_command(app, [&](CLI::App& command) {
    found = found || command.get_option_no_throw(name) != nullptr;
  });
  return found;
}

// "--json=" becomes "--json" and "": the parser would take the next word for the value.
std::vector<std::string> with_empty_values(const std::vector<std::string>& words, CLI::App& app) {
  std::vector<std::string> out;
  for (const auto& word : words) {
    const bool bare = word.starts_with("--") && word.find('=') == word.size() - 1;
    if (bare && is_option(app, word.substr(0, word.size() - 1))) {
      out.push_back(word.substr(0, word.size() - 1));
      out.emplace_back();
    } else {
      out.push_back(word);
    }
  }
  return out;
}

int refuse(const std::string& sentence) { return fail(usage_error(sentence)); }

// Kinds of bench that come later, whatever options stand with them.
std::optional<int> refuse_later_bench(const std::vector<std::string>& words) {
  const auto is_name = [](const std::string& word) { return !word.starts_with('-'); };
  const auto bench = std::find_if(words.begin(), words.end(), is_name);
  if (bench == words.end() || *bench != "bench") return std::nullopt;
  const auto kind = std::find_if(bench + 1, words.end(), is_name);
  if (kind == words.end() || *kind != "rate") return std::nullopt;
  return fail(unsupported("bench rate is not in this version yet; use cold or warm"));
}

// A word at the front that is neither a command nor an option of the program.
std::optional<int> refuse_first(const std::string& word, CLI::App& app) {
  if (word.starts_with('-')) {
    if (app.get_option_no_throw(word) != nullptr) return std::nullopt;
    return refuse(unknown_option(word, app));
  }
  const auto commands = app.get_subcommands([](const CLI::App*) { return true; });
  if (std::any_of(commands.begin(), commands.end(),
                  [&](const CLI::App* command) { return command->check_name(word); })) {
    return std::nullopt;
  }
  if (contains(k_later_commands, word)) {
    return fail(unsupported("'" + word + "' is not in this version yet; see coldframe --help"));
  }
  return refuse(unknown_command(word, app));
}

// What CLI11 says of an option without its value, or given twice, in a sentence of ours.
std::string mismatch(const std::string& message) {
  const std::string option = message.substr(0, message.find(':'));
  if (message.find("At Most 1 required") != std::string::npos) {
    return option + " is there more than once; it takes one value";
  }
  if (message.ends_with(" missing")) return option + " has no value; see --help";
  return message + "; see --help";
}

int refuse_unexpected(const std::vector<std::string>& words, CLI::App& app) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string name = words[i].substr(0, words[i].find('='));
    if (contains(k_later_options, name)) {
      return fail(unsupported(name + " is not in this version yet; see --help"));
    }
    for (const auto& [command, option] : k_later_options_of) {
      if (words.front() != command || name != option) continue;
      return fail(
          unsupported(name + " of " + words.front() + " is not in this version yet; see --help"));
    }
    if (words[i] == "-e" && i + 1 < words.size() && words[i + 1].find('=') != std::string::npos) {
      return refuse("this command has no -e; for an environment variable, did you mean -E?");
    }
  }
  return refuse(unexpected_word(app));
}

}  // namespace

void add_commands(CLI::App& app, CommandLine& line) {
  app.description("Runs your Lambda function through its real runtime client, as Lambda would.");
  app.name("coldframe");
  app.set_version_flag("--version", "coldframe " COLDFRAME_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Example:\n  coldframe invoke function/scoring -e fixtures/events/scoring.json --repeat 5");
  add_invoke(app, line);
  add_serve(app, line);
  add_validate(app, line);
  add_bench(app, line);
  add_inspect(app, line);
  add_images(app, line);
  add_doctor(app, line);
  add_completion(app, line);
  refuse_empty_values(app);
}

int run_command_line(std::vector<std::string> words, CommandLine& line) {
  line.words = words;
  if (auto dashes = std::find(words.begin(), words.end(), "--"); dashes != words.end()) {
    line.bootstrap.assign(dashes + 1, words.end());
    words.erase(dashes, words.end());
    if (line.bootstrap.empty()) return refuse("nothing after --; give the bootstrap command");
  }
  CLI::App app;
  add_commands(app, line);
  if (line.words.empty()) {
    std::fputs(app.help().c_str(), stdout);
    return 2;
  }
  if (auto refused = refuse_later_bench(words)) return *refused;
  if (!words.empty()) {
    if (auto refused = refuse_first(words.front(), app)) return *refused;
  }
  words = with_empty_values(words, app);
  std::vector<std::string> last_first(words.rbegin(), words.rend());
  try {
    app.parse(last_first);
  } catch (const CLI::Success& asked) {  // --help, --version
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    std::string message = error.what();
    if (auto end = message.find('\n'); end != std::string::npos) message.resize(end);
    if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
      return refuse_unexpected(words, app);
    }
    if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
      return refuse(mismatch(message));
    }
    return refuse(message + "; see --help");
  } catch (const std::exception& error) {
    return fail(host_error(error.what()));
  }
  return line.exit_code;
}

}  // namespace coldframe::cli
