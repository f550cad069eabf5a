#include "emulator/inspect/program.hpp"

#include <algorithm>
#include <filesystem>

#include "emulator/inspect/census.hpp"

namespace coldframe::inspect {
namespace {

constexpr std::size_t k_beginning_bytes = 16 * 1024;
constexpr std::string_view k_client = "awslambdaric";
// Source: the environment that was recorded on AWS.
constexpr const char* k_lambda_path =
    "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin:/usr/local/sbin:/usr/sbin:/sbin";

std::string absolute(const Subject& subject, const std::string& path) {
  const auto base = std::filesystem::path(subject.working_directory) / path;
  return base.lexically_normal().string();
}

bool is_program(const std::optional<ImageTree::Node>& node) {
  return node && node->is_file() && (node->info.st_mode & 0111) != 0;
}

// The words of a shell script, as far as they could be names of programs.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  constexpr std::string_view k_ends = " \t\r\n\"'`;|&()<>=$@{}";
  std::string word;
  bool is_comment = false;
  for (const char c : text) {
    if (c == '\n') is_comment = false;
    if (is_comment) continue;
    if (c == '#' && word.empty()) {
      is_comment = true;
    } else if (k_ends.find(c) == k_ends.npos) {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::move(word));
      word.clear();
    }
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

std::string python_at(const Subject& subject, const std::string& word) {
  if (word.find('/') == std::string::npos) return find_in_path(subject, word);
  return absolute(subject, word);
}

// Of a script: what its text starts.
void read_script(const Subject& subject, Program& program) {
  const auto line = read_script_line(program.beginning);
  if (!line) return;
  const bool by_env = last_part(line->interpreter) == "env";
  const std::string& first = by_env ? line->argument : line->interpreter;
  if (is_python_name(first)) {
    program.python = python_at(subject, first);
    program.starts_python_client = program.beginning.find(k_client) != std::string::npos;
    return;
  }
  const auto words = words_of(program.beginning);
  const auto python = std::find_if(words.begin(), words.end(),
                                   [](const std::string& word) { return is_python_name(word); });
  if (python != words.end()) program.python = python_at(subject, *python);
  program.starts_python_client = std::find(words.begin(), words.end(), k_client) != words.end();
  // AWS's own: /lambda-entrypoint.sh starts /var/runtime/bootstrap, which starts its Python.
  if (program.python.empty() &&
      program.beginning.find("/var/runtime/bootstrap") != std::string::npos) {
    if (subject.tree.resolve("/var/lang/bin/python3")) {
      program.python = "/var/lang/bin/python3";
      program.starts_python_client = true;
    }
  }
}

// The words behind the program: "-m awslambdaric app.handler".
void read_words(const Subject& subject, Program& program) {
  std::size_t at = 1;
  if (last_part(program.path) == "env" && subject.argv.size() > 1) at = 2;
  const std::string& name = subject.argv[at - 1];
  if (!is_python_name(name)) {
    program.arguments.assign(subject.argv.begin() + 1, subject.argv.end());
    return;
  }
  program.python = at == 1 ? program.path : python_at(subject, name);
  while (at < subject.argv.size() && subject.argv[at].starts_with('-')) {
    const std::string& option = subject.argv[at++];
    if (option == "-m" && at < subject.argv.size()) {
      program.module = subject.argv[at++];
      break;
    }
    if ((option == "-W" || option == "-X") && at < subject.argv.size()) ++at;
    if (option == "-c") return;
  }
  if (program.module.empty() && at < subject.argv.size()) {
    const auto script = subject.tree.resolve(absolute(subject, subject.argv[at]));
    if (script && script->is_file()) {
      const std::string text = ImageTree::beginning(*script, k_beginning_bytes);
      program.starts_python_client = text.find(k_client) != std::string::npos;
      ++at;
    }
  }
  if (program.module == k_client) program.starts_python_client = true;
  program.arguments.assign(subject.argv.begin() + static_cast<std::ptrdiff_t>(at),
                           subject.argv.end());
}

}  // namespace

bool is_python_name(std::string_view word) {
  constexpr std::string_view k_python = "python";
  const auto name = last_part(word);
  return name.starts_with(k_python) &&
         name.substr(k_python.size()).find_first_not_of("0123456789.") == name.npos;
}

std::optional<ScriptLine> read_script_line(std::string_view beginning) {
  if (!beginning.starts_with("#!")) return std::nullopt;
  std::string_view line = beginning.substr(2, beginning.find('\n') - 2);
  ScriptLine out;
  if (line.ends_with('\r')) {
    out.has_carriage_return = true;
    line.remove_suffix(1);
  }
  const auto trim = [](std::string_view text) {
    const auto from = std::min(text.find_first_not_of(" \t"), text.size());
    const auto to = text.find_last_not_of(" \t");
    return to == text.npos ? std::string_view() : text.substr(from, to + 1 - from);
  };
  line = trim(line);
  const auto end = std::min(line.find_first_of(" \t"), line.size());
  out.interpreter = line.substr(0, end);
  out.argument = trim(line.substr(end));
  return out;
}

std::string find_in_path(const Subject& subject, const std::string& name) {
  std::string search = subject.variable("PATH");
  if (search.empty()) search = k_lambda_path;
  for (std::size_t at = 0; at <= search.size();) {
    const auto end = std::min(search.find(':', at), search.size());
    auto candidate =
        (std::filesystem::path(subject.working_directory) / search.substr(at, end - at) / name)
            .lexically_normal()
            .string();
    at = end + 1;
    if (is_program(subject.tree.resolve(candidate))) return candidate;
  }
  return "";
}

Program find_program(const Subject& subject) {
  Program program;
  program.handler = subject.handler;
  if (subject.argv.empty()) return program;
  program.named = subject.argv.front();
  const bool is_path = program.named.find('/') != std::string::npos;
  program.path = is_path ? absolute(subject, program.named) : find_in_path(subject, program.named);
  if (!program.path.empty()) program.node = subject.tree.resolve(program.path);
  if (program.node) program.beginning = ImageTree::beginning(*program.node, k_beginning_bytes);
  program.is_shell_form = subject.argv.size() > 1 && subject.argv[1] == "-c" &&
                          (last_part(program.named) == "sh" || last_part(program.named) == "bash");
  read_words(subject, program);
  if (program.python.empty()) read_script(subject, program);
  if (program.is_shell_form && subject.argv.size() > 2) {
    Program inner;
    inner.beginning = "#!/bin/sh\n" + subject.argv[2];
    read_script(subject, inner);
    program.python = inner.python;
    program.starts_python_client = inner.starts_python_client;
    program.arguments.clear();
  } else if (program.handler.empty() && !program.arguments.empty()) {
    program.handler = program.arguments.back();
  }
  return program;
}

}  // namespace coldframe::inspect
