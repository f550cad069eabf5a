// What doctor says of the sandbox.
#pragma once

namespace coldframe::cli {

// Which sandbox and network `auto` takes here and why, by making one; where its /tmp is, and what
// it lacks for this user; `counts_files`: by these limits what is in a /tmp in memory is the
// function's memory. Some 50 ms; before any thread is started.
void print_sandbox(bool counts_files);

}  // namespace coldframe::cli
