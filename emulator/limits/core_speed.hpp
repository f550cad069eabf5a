// How fast one core of this host is at fixed work, in CPU time, for doctor --calibrate.
//
//   const CoreSpeed speed = measure_core_speed();     // some 1 s
//   speed.integer.ns_per_step                         // median of the repetitions
//
// Nothing here knows a core of Lambda's: figures of the same work there are needed to compare.
// Blocks; any thread.
#pragma once

namespace coldframe {

struct WorkSpeed {
  double ns_per_step = 0;  // median
  double spread = 0;       // (largest − smallest) ÷ median of the repetitions
};

struct CoreSpeed {
  WorkSpeed integer;   // a chain of 64-bit multiplications, xors and shifts
  WorkSpeed floating;  // a dot product of doubles that fit into the first cache
};
CoreSpeed measure_core_speed();

}  // namespace coldframe
