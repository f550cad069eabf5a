// doctor --clean: ends and removes what dead runs have left, and says what of each kind.
#pragma once

namespace coldframe::cli {

// Processes that outlived their run and its guard, control groups, unfinished disks. Exit code: 4
// if a group cannot be removed.
int clean();

}  // namespace coldframe::cli
