// coldframe completion bash|zsh|fish|man: what packages install. Made from the parser's own
// definitions, so that no option can be forgotten.
#include <algorithm>
#include <cstdio>

#include "emulator/cli/command_facts.hpp"
#include "emulator/cli/commands.hpp"
#include "emulator/cli/options.hpp"

namespace coldframe::cli {
namespace {

std::string joined(const std::vector<std::string>& words, const char* between) {
  std::string out;
  for (const auto& word : words)
    out += (out.empty() ? "" : between) + word;
  return out;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

std::string in_single_quotes(const std::string& text) {
  return "'" + replaced(text, "'", "'\\''") + "'";
}

// The names by which a command can be reached, as texts: "bench cold".
std::vector<std::string> all_names(const CommandFacts& command) {
  std::vector<std::string> names{command.text()};
  if (command.path.size() == 1) {
    names.insert(names.end(), command.aliases.begin(), command.aliases.end());
  }
  return names;
}

// "'-e'|'--event-file'" for every option that `wanted` likes, each behind "COMMAND ".
template <typename Wanted>
std::string bash_pattern(const CommandFacts& command, const Wanted& wanted) {
  std::vector<std::string> alternatives;
  for (const auto& option : command.options) {
    if (option.positional || option.value.empty() || !wanted(option)) continue;
    for (const auto& name : option.names)
      alternatives.push_back(in_single_quotes(command.text() + " " + name));
  }
  return joined(alternatives, " | ");
}

// Other words than options and files may follow.
bool leads_to_words(const CommandFacts& command) {
  return !command.commands.empty() ||
         std::any_of(command.options.begin(), command.options.end(), [](const auto& option) {
           return option.positional && !option.choices().empty();
         });
}

std::string bash_values(const CommandFacts& command) {
  std::string out;
  const auto is_plain = [](const OptionFacts& option) {
    return !option.takes_file() && option.choices().empty();
  };
  const auto files = bash_pattern(command, [](const auto& option) { return option.takes_file(); });
  if (!files.empty()) out += "    " + files + ") return ;;\n";  // -o default completes files
  for (const auto& option : command.options) {
    if (option.positional || option.choices().empty()) continue;
    const auto this_one = [&](const auto& other) { return other.names == option.names; };
    out += "    " + bash_pattern(command, this_one) +
           ") words=" + in_single_quotes(joined(option.choices(), " ")) + " ;;\n";
  }
  const auto plain = bash_pattern(command, is_plain);
  if (!plain.empty()) out += "    " + plain + ") compopt +o default; return ;;\n";
  return out;
}

std::string zsh_text(const std::string& text) {
  std::string out = text;
  for (const char* special : {"\\", "[", "]", ":"})
    out = replaced(out, special, std::string("\\") + special);
  return out;
}

std::string zsh_action(const OptionFacts& option) {
  if (const auto choices = option.choices(); !choices.empty())
    return "(" + joined(choices, " ") + ")";
  return option.takes_file() || option.positional ? "_files" : "";
}

std::string zsh_options(const CommandFacts& command) {
  std::string out;
  for (const auto& option : command.options) {
    if (option.positional) {
      out += " \\\n    '*:" + option.names.front() + ":" + zsh_action(option) + "'";
      continue;
    }
    const std::string others = "(" + joined(option.names, " ") + ")";
    for (const auto& name : option.names) {
      std::string spec =
          (option.repeatable ? "*" : others) + name + "[" + zsh_text(option.description) + "]";
      if (!option.value.empty()) spec += ":" + zsh_text(option.value) + ":" + zsh_action(option);
      out += " \\\n    " + in_single_quotes(spec);
    }
  }
  return out;
}

std::string zsh_function(const CommandFacts& command) {
  std::string name = "_coldframe";
  for (const auto& word : command.path)
    name += "_" + word;
  return name;
}

std::string description_of(const std::vector<CommandFacts>& commands, const CommandFacts& parent,
                           const std::string& word) {
  for (const auto& command : commands) {
    if (command.path.size() != parent.path.size() + 1) continue;
    const bool named = command.path.back() == word ||
                       std::count(command.aliases.begin(), command.aliases.end(), word) > 0;
    if (named) return command.description;
  }
  return "";
}

std::string zsh_branches(const std::vector<CommandFacts>& commands, const CommandFacts& command) {
  std::string list;
  std::string branches;
  for (const auto& word : command.commands) {
    list += "\n        " +
            in_single_quotes(zsh_text(word) + ":" + description_of(commands, command, word));
  }
  for (const auto& below : commands) {
    if (below.path.size() != command.path.size() + 1) continue;
    if (!std::equal(command.path.begin(), command.path.end(), below.path.begin())) continue;
    std::vector<std::string> names{below.path.back()};
    names.insert(names.end(), below.aliases.begin(), below.aliases.end());
    branches += "        " + joined(names, "|") + ") " + zsh_function(below) + " ;;\n";
  }
  return "  case $state in\n    command)\n      local -a commands=(" + list +
         "\n      )\n      _describe command commands ;;\n    argument)\n      case $words[1] "
         "in\n" +
         branches + "      esac ;;\n  esac\n";
}

int print(const CLI::App& app, const std::string& kind) {
  const auto commands = command_facts(app);
  std::string text;
  if (kind == "bash") text = bash_completion(commands);
  if (kind == "zsh") text = zsh_completion(commands);
  if (kind == "fish") text = fish_completion(commands);
  if (kind == "man") text = man_page(commands, COLDFRAME_VERSION);
  if (text.empty()) {
    return fail(usage_error(
        kind.empty() ? "completion of what? write coldframe completion bash, zsh, fish or man"
                     : "completion '" + kind + "': use one of bash, zsh, fish, man"));
  }
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace

std::string bash_completion(const std::vector<CommandFacts>& commands) {
  std::string walk;
  std::string options;
  std::string values;
  std::vector<std::string> with_words;  // where a word is no file; and of the program itself
  for (const auto& command : commands) {
    if (!command.path.empty() && leads_to_words(command)) with_words.push_back(command.text());
    if (!command.path.empty()) {
      std::vector<std::string> patterns;
      const std::string parent = command.path.size() > 1 ? command.path.front() : "";
      for (const auto& name : all_names(command))
        patterns.push_back(in_single_quotes(command.path.size() > 1 ? name : parent + " " + name));
      walk += "      " + joined(patterns, " | ") + ") command=" + in_single_quotes(command.text()) +
              " ;;\n";
    }
    std::vector<std::string> words = command.commands;
    for (const auto& option : command.options) {
      const auto more = option.positional ? option.choices() : option.names;
      words.insert(words.end(), more.begin(), more.end());
    }
    options += "    " + in_single_quotes(command.text()) +
               ") words=" + in_single_quotes(joined(words, " ")) + " ;;\n";
    values += bash_values(command);
  }
  return "# bash completion for coldframe, made by `coldframe completion bash`\n"
         "_coldframe() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
         "  local command='' words='' i\n"
         "  COMPREPLY=()\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    [[ ${COMP_WORDS[i]} != -- ]] || return  # the bootstrap's own words\n"
         "    case \"$command ${COMP_WORDS[i]}\" in\n" +
         walk +
         "    esac\n"
         "  done\n"
         "  case $command in\n" +
         options +
         "  esac\n"
         "  case \"$command $previous\" in\n" +
         values + "    *) [[ '||" + joined(with_words, "|") +
         "|' == *\"|$command|\"* || $current == -* ]] || return ;;\n"
         "  esac\n"
         "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
         "}\n"
         "complete -o default -F _coldframe coldframe\n";
}

std::string zsh_completion(const std::vector<CommandFacts>& commands) {
  std::string out =
      "#compdef coldframe\n"
      "# zsh completion for coldframe, made by `coldframe completion zsh`\n";
  for (const auto& command : commands) {
    out += "\n" + zsh_function(command) + "() {\n";
    out += "  local context state state_descr line\n  typeset -A opt_args\n";
    const bool leads_on = !command.commands.empty();
    out += std::string("  _arguments -s") + (leads_on ? " -C" : "") + zsh_options(command);
    if (leads_on) {
      out += " \\\n    '1:command:->command' '*::argument:->argument'\n";
      out += zsh_branches(commands, command);
    } else {
      out += "\n";
    }
    out += "}\n";
  }
  return out + "\n_coldframe \"$@\"\n";
}

std::string fish_completion(const std::vector<CommandFacts>& commands) {
  std::string out =
      "# fish completion for coldframe, made by `coldframe completion fish`\n"
      "complete -c coldframe -f\n";
  for (const auto& command : commands) {
    std::string when;
    for (const auto& word : command.path) {
      std::string names = word;
      if (word == command.path.back())
        names += command.aliases.empty() ? "" : " " + joined(command.aliases, " ");
      when += (when.empty() ? "" : "; and ") + ("__fish_seen_subcommand_from " + names);
    }
    if (when.empty()) when = "__fish_use_subcommand";
    std::string start = "complete -c coldframe -n " + in_single_quotes(when);
    if (!command.path.empty() && !command.commands.empty()) {
      start = "complete -c coldframe -n " +
              in_single_quotes(when + "; and not __fish_seen_subcommand_from " +
                               joined(command.commands, " "));
    }
    for (const auto& word : command.commands) {
      out += start + " -a " + in_single_quotes(word) + " -d " +
             in_single_quotes(description_of(commands, command, word)) + "\n";
    }
    for (const auto& option : command.options) {
      if (option.positional) {
        const auto choices = option.choices();
        out += start + (choices.empty() ? " -F" : " -a " + in_single_quotes(joined(choices, " "))) +
               "\n";
        continue;
      }
      out += start;
      for (const auto& name : option.names)
        out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      if (!option.value.empty()) out += option.takes_file() ? " -r -F" : " -x";
      if (const auto choices = option.choices(); !choices.empty())
        out += " -a " + in_single_quotes(joined(choices, " "));
      out += " -d " + in_single_quotes(option.description) + "\n";
    }
  }
  return out;
}

void add_completion(CLI::App& app, CommandLine& line) {
  auto kind = std::make_shared<std::string>();
  auto* command = app.add_subcommand("completion", "shell completions and the manual page");
  command->add_option("KIND", *kind, "which one")->type_name("bash|zsh|fish|man");
  command->footer("Example:\n  coldframe completion bash > coldframe.bash");
  command->callback([kind, &app, &line] { line.exit_code = print(app, *kind); });
}

}  // namespace coldframe::cli
