// Whether the Python here is the one that the function's managed runtime names. Nothing is run: a
// virtual environment says its version in pyvenv.cfg.
//
//   if (auto text = other_python(config)) file.warnings.push_back(*text);
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "emulator/model/function_config.hpp"

namespace coldframe {

// Of the virtual environment that has this interpreter in its bin: "3.11.2". Empty if it is in
// none, or its pyvenv.cfg does not say (`version`, as venv writes; `version_info`, as virtualenv
// and uv do).
std::string venv_python_version(const std::filesystem::path& python);

// A sentence if `Runtime` is one version of Python ("python3.12") and the entry point's virtual
// environment has another. Nothing where either is not known.
std::optional<std::string> other_python(const FunctionConfig& config);

}  // namespace coldframe
