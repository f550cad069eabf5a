// What is started first, found as Lambda finds it: the entry point's program, the interpreter
// behind its `#!`, the Python that will run the handler.
//
//   const Program program = find_program(subject);
//   program.path, program.python, program.handler
//
// Nothing is run. What a shell script starts is read off its text: the first word in it that is the
// name of a Python. Pure but for the files.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "emulator/inspect/subject.hpp"

namespace coldframe::inspect {

// The first line of a script: "#!/usr/bin/env python3\r".
struct ScriptLine {
  std::string interpreter;
  std::string argument;
  bool has_carriage_return = false;
};
std::optional<ScriptLine> read_script_line(std::string_view beginning);

struct Program {
  std::string named;  // as the entry point names it
  std::string path;   // absolute, inside, links not followed; empty: it was not found
  std::optional<ImageTree::Node> node{};  // behind links
  std::string beginning{};                // of it
  std::string python{};        // the interpreter, inside, links not followed; empty: none known
  std::string module{};        // behind its -m
  bool is_shell_form = false;  // ["/bin/sh", "-c", "…"]
  bool starts_python_client = false;     // awslambdaric, as far as its words or its script tell
  std::vector<std::string> arguments{};  // what the client gets: the handler is the last
  std::string handler{};                 // "app.handler"; empty: there is none
};

Program find_program(const Subject& subject);

// Behind the PATH of the function, or that of Lambda; empty: nowhere.
std::string find_in_path(const Subject& subject, const std::string& name);

// "python", "python3" and "python3.11", with or without a directory.
bool is_python_name(std::string_view word);

}  // namespace coldframe::inspect
