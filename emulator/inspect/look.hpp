// What every check looks at: the subject, its files, and what is known of the program in it.
// Private to this room; made once by Inspection and not changed.
#pragma once

#include <string>
#include <vector>

#include "emulator/inspect/census.hpp"
#include "emulator/inspect/finding.hpp"
#include "emulator/inspect/imports.hpp"
#include "emulator/inspect/program.hpp"
#include "emulator/inspect/python_home.hpp"
#include "emulator/inspect/subject.hpp"

namespace coldframe::inspect {

struct ModelFile;

struct Look {
  const Subject& subject;
  const Census& census;
  const Program& program;
  const PythonHome& python;
  const Imports& imports;
  const std::vector<ModelFile>& models;

  // How sure it is that the function meets a file: what it starts or imports, what only lies among
  // its packages, and what the base image has besides.
  enum class Reach { used, installed, other };
  Reach reach(const std::string& path) const;
  // The top-level package that a file belongs to, or empty: "sklearn" for "sklearn.libs/x.so".
  std::string package_of(const std::string& path) const;
  // Below /var/task, /opt or the working directory of an image; anywhere in a directory.
  bool is_own(const std::string& path) const;
};

// error for what is used, warning for what is installed, info for the rest.
Severity severity_of(Look::Reach reach);

// "and 12 more" for what a list of names leaves out; empty: nothing.
std::string and_more(std::size_t all, std::size_t shown);

// The checks, one file each; every one adds what it has found.
void check_packaging(const Look& look, Findings& out);       // W10
void check_platform(const Look& look, Findings& out);        // W11
void check_entry_point(const Look& look, Findings& out);     // W12
void check_runtime_client(const Look& look, Findings& out);  // W13
void check_libraries(const Look& look, Findings& out);       // W14, W15
void check_size(const Look& look, Findings& out);            // W16
void check_cpu_features(const Look& look, Findings& out);    // W17
void check_history(const Look& look, Findings& out);         // W18
void check_modes(const Look& look, Findings& out);           // W4
void check_models(const Look& look, Findings& out);          // W31
void check_byte_code(const Look& look, Findings& out);       // W39
void check_caches(const Look& look, Findings& out);          // W3
void check_variables(const Look& look, Findings& out);       // W38

}  // namespace coldframe::inspect
