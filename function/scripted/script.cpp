#include "script.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>

#include "commands.hpp"
#include "text.hpp"

namespace scripted {

namespace {

constexpr std::string_view k_blanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(k_blanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(k_blanks) - first + 1);
}

// Cuts the first word off `rest`; empty if there is none.
std::string_view take_word(std::string_view& rest) {
  rest = trimmed(rest);
  const auto end = rest.find_first_of(k_blanks);
  const std::string_view word = rest.substr(0, end);
  rest = end == rest.npos ? std::string_view() : trimmed(rest.substr(end));
  return word;
}

class Parser {
 public:
  Parser(const std::string& name, const std::vector<std::string>& lines)
      : name_(name), lines_(lines) {}

  Steps parse() { return parse_block(nullptr); }

 private:
  // Reads up to the `end` of `opener`, or to the end of the file without one.
  Steps parse_block(const Step* opener) {
    Steps steps;
    while (next_ < lines_.size()) {
      const std::string_view line = trimmed(lines_[next_]);
      const std::string place = name_ + ":" + std::to_string(++next_);
      if (line.empty() || line.front() == '#') continue;
      if (line == "end") {
        if (opener == nullptr) throw Stop(k_exit_usage, "end without a block", place);
        return steps;
      }
      steps.push_back(parse_step(line, place));
      Step& step = steps.back();
      if (step.command->opens_block) step.block = parse_block(&step);
    }
    if (opener != nullptr) {
      throw Stop(k_exit_usage, std::string(opener->command->name) + " has no end", opener->place);
    }
    return steps;
  }

  static Step parse_step(std::string_view line, const std::string& place) {
    std::string_view rest = line;
    const std::string_view name = take_word(rest);
    Step step{.command = find_command(name), .place = place, .arguments = {}, .block = {}};
    if (step.command == nullptr) {
      throw Stop(k_exit_usage, "unknown command \"" + std::string(name) + "\"", place);
    }
    try {
      for (const Kind kind : step.command->kinds)
        parse_argument(kind, rest, step);
      if (!rest.empty()) wrong_arguments(step);
    } catch (const Stop& stop) {
      throw stop.at(place);
    }
    return step;
  }

  [[noreturn]] static void wrong_arguments(const Step& step) {
    const std::string name(step.command->name);
    throw Stop(k_exit_usage, step.command->usage.empty()
                                 ? name + " takes no argument"
                                 : "write " + name + " " + std::string(step.command->usage));
  }

  static void parse_argument(Kind kind, std::string_view& rest, Step& step) {
    Argument argument;
    if (kind == Kind::text) {
      argument.text = unescape(rest);
      rest = {};
    } else if (kind == Kind::words) {
      while (!rest.empty())
        argument.text += std::string(take_word(rest)) + " ";
    } else if (kind == Kind::command) {
      if (rest.empty()) wrong_arguments(step);
      Step inner = parse_step(rest, step.place);
      if (inner.command->opens_block) {
        throw Stop(k_exit_usage, std::string(inner.command->name) + " cannot stand in one line");
      }
      step.block.push_back(std::move(inner));
      rest = {};
    } else {
      const std::string_view word = take_word(rest);
      if (word.empty()) wrong_arguments(step);
      if (kind == Kind::word) argument.text = unescape(word);
      if (kind == Kind::number) argument.number = parse_number(word);
      if (kind == Kind::size) argument.number = parse_size(word);
      if (kind == Kind::duration) argument.duration = parse_duration(word);
    }
    step.arguments.push_back(std::move(argument));
  }

  const std::string& name_;
  const std::vector<std::string>& lines_;
  std::size_t next_ = 0;
};

}  // namespace

const Command* find_command(std::string_view name) {
  for (const auto& part :
       {api_commands(), reply_commands(), expect_commands(), process_commands()}) {
    for (const Command& command : part) {
      if (command.name == name) return &command;
    }
  }
  return nullptr;
}

Steps parse_lines(const std::string& name, const std::vector<std::string>& lines) {
  return Parser(name, lines).parse();
}

Steps parse_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw Stop(k_exit_usage, std::string("cannot be read: ") + std::strerror(errno), path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);)
    lines.push_back(line);
  return parse_lines(path, lines);
}

std::vector<std::string> split_at_semicolons(std::string_view text) {
  std::vector<std::string> parts(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ';') {
      parts.emplace_back();
      continue;
    }
    parts.back() += text[i];
    if (text[i] == '\\' && i + 1 < text.size()) parts.back() += text[++i];
  }
  return parts;
}

}  // namespace scripted
