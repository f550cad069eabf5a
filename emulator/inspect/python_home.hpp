// Where a Python finds its modules, and what is installed there, without running it: the standard
// library, site directories, those of a virtual environment, PYTHONPATH, and what the runtime
// client adds.
//
//   const PythonHome python = find_python_home(subject, census, program.python);
//   if (const auto module = python.find("awslambdaric")) … module->path
//
// Pure but for the files; what it holds belongs to `census`, which must outlive it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "emulator/inspect/census.hpp"

namespace coldframe::inspect {

// A package that pip, or the distribution, has installed.
struct Distribution {
  std::string name;  // normalised: "scikit-learn"
  std::string version;
  std::vector<std::string> modules;    // top-level names that it has: "sklearn"
  std::vector<std::string> requires_;  // normalised names, without those of extras
  std::string directory;               // that its modules are in
};

struct PythonModule {
  std::string path;  // of its file, or of a package's directory
  bool is_package = false;
  bool is_source = false;  // a .py, or a package with one
};

struct PythonHome {
  const Census* census = nullptr;
  std::string interpreter;                    // inside; empty: outside of a directory, or none
  std::string version;                        // "3.11"; empty: not known
  std::string standard_library;               // a directory; empty: not here
  std::vector<std::string> search;            // directories, in their order
  std::vector<std::string> site_directories;  // those that packages are installed in
  std::vector<Distribution> distributions;
  std::unordered_map<std::string, std::size_t> by_name;  // their indexes
  std::unordered_map<std::string, std::size_t> by_module;

  bool is_known() const { return !search.empty(); }
  // A module by its dotted name, or nothing.
  std::optional<PythonModule> find(const std::string& name) const;
  // By a normalised name, or by a top-level module that it has; nullptr: it is not installed.
  const Distribution* installed(const std::string& name) const;
  const Distribution* of_module(const std::string& top_level) const;
};

PythonHome find_python_home(const Subject& subject, const Census& census,
                            const std::string& interpreter);

// "scikit-learn" of "Scikit_Learn" (PEP 503).
std::string normalised(std::string_view name);

}  // namespace coldframe::inspect
