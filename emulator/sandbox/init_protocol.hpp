// What is said between the emulator and the init of a sandbox, and between the emulator and the
// seed: the process that waits, inside and with everything done, to become a runtime.
//
// Two socket pairs per sandbox. Control: SeedForked, Exited, Empty come from the init; it is told
// to Fork, KillAll, Suspend, Resume. Start: Ready or NotReady comes from the seed; it is told once
// to Run.
#pragma once

#include <cstdint>

namespace coldframe {

enum class InitMessage : std::int64_t {
  // To the emulator.
  seed_forked = 1,  // pid inside; its pidfd
  exited = 2,       // pid inside, status as of waitpid(2), peak of memory in bytes
  empty = 3,        // nobody but the init is left
  failed = 4,       // text; the init ends
  // From the emulator.
  fork_seed = 10,
  kill_all = 11,
  suspend = 12,  // SIGSTOP to all but the init
  resume = 13,
  signal = 14,  // pid inside of one that was a seed, signal: to its process group
};

enum class SeedMessage : std::int64_t {
  ready = 1,      // how long it waited for its groups, ns; descriptor: the listener of a trace
  not_ready = 2,  // text; the seed ends
  // pid inside of the seed that is meant (an earlier one may have ended before it read its own),
  // executable, argv, environment, working directory, CPUs, number of the log descriptor;
  // descriptors: stdout, stderr, log, exec report
  run = 10,
};

}  // namespace coldframe
