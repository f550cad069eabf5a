// doctor --clean: ends and removes what dead runs have left, and says what of each kind.
#pragma once

#include <chrono>
#include <string>

namespace coldframe::cli {

// Processes that outlived their run and its guard, control groups, unfinished disks. Exit code: 4
// if a group cannot be removed.
int clean();

// Removes the disks in this directory that nobody has finished making, and that are older than a
// minute. How many.
int remove_unfinished_disks(const std::string& directory);

}  // namespace coldframe::cli
