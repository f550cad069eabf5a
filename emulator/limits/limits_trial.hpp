// Whether the kernel holds a busy process to a CPU share as Lambda's does: tried with a child that
// does nothing but look at the clock.
//
//   auto trial = try_limits(*run, 128);     // some 1.3 s
//   // bursts of 3.9 ms (a tick is 4), gaps of 36 and 56 ms, 0.0724 of a CPU
//
// On a busy host gaps are longer and the share is smaller; a longer look suffers less. Blocks; call
// it before starting threads, as it forks. Errors (exit code 4): no group, no child, the child was
// killed, or it was not held back.
#pragma once

#include "emulator/base/clock.hpp"
#include "emulator/cgroup/cgroup_run.hpp"

namespace coldframe {

struct LimitsTrial {
  Duration burst{};  // median time between two gaps
  Duration gap{};    // median
  // From one gap's end to the next's are whole periods; median of what is missing or too much.
  Duration off_period{};
  double share = 0;  // of a CPU
  double wanted = 0;
};
// `length`: 200 ms … 10 s.
Result<LimitsTrial> try_limits(CgroupRun& run, int memory_mb,
                               Duration length = std::chrono::milliseconds(1200));

// How often the kernel looks at who is running: what a burst can overrun its quota by.
Duration kernel_tick();

}  // namespace coldframe
