// The packages of a directory, as their *.dist-info or *.egg-info tell. Private to this room.
#pragma once

#include <string>
#include <vector>

#include "emulator/inspect/python_home.hpp"

namespace coldframe::inspect {

// Appends those that were installed in `directory`.
void add_distributions(const Census& census, const std::string& directory,
                       std::vector<Distribution>& found);

// "numpy" of "numpy>=1.22; python_version >= '3.9'", normalised; empty: only for an extra.
std::string required_name(std::string_view requirement);

}  // namespace coldframe::inspect
