// What doctor says of limits.
#pragma once

namespace coldframe::cli {

// Which limits `auto` takes here, why not better ones, and whether they do what they should; some
// 1.5 s. Whether the kernel counts what a function keeps in memory as files as the function's.
bool print_limits();
// --calibrate: what can be said for --cpu-scale. Exit code.
int calibrate();

}  // namespace coldframe::cli
