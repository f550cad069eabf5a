// Which packages the handler imports, read off its text and its modules' texts, and what these
// packages require in turn.
//
//   const Imports imports = find_imports(subject, python, program);
//   imports.packages        // {"numpy", "scipy", "sklearn", …}: top-level names
//
// An import that is only made by importlib is not seen. Reads only .py files of the function's own,
// and the requirements of distributions. Bounded.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/inspect/program.hpp"
#include "emulator/inspect/python_home.hpp"

namespace coldframe::inspect {

struct Imports {
  bool is_known = false;               // the handler's file was found and read
  std::string handler_file;            // inside; empty: not found
  bool handler_is_defined = true;      // its name occurs in the file
  std::vector<std::string> own_files;  // of the function, that are imported; inside
  std::set<std::string> packages;      // of site directories: imported, or required by such
  bool imports(const std::string& package) const { return packages.contains(package); }
};

Imports find_imports(const Subject& subject, const PythonHome& python, const Program& program);

// Packages that something else than the handler's text shows to be in use, with what they require.
void add_packages(const PythonHome& python, const std::set<std::string>& top_level,
                  Imports& imports);

// The modules that a source names, absolute ones: "import numpy as np" → "numpy".
std::set<std::string> imported_modules(std::string_view source);

// Whether a name occurs in a text as a word of its own.
bool has_word(std::string_view text, std::string_view word);

// MODULE of "MODULE.FUNCTION", which may be a path: "src/app" → "src.app".
std::string module_of_handler(const std::string& handler);

}  // namespace coldframe::inspect
