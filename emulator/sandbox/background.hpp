// How willingly a process of ours gives the CPU to others: making a sandbox takes milliseconds of
// it, in which the invokes of other environments go on.
//
//   work_in_background();     // the server; inherited by what it forks
//   work_as_usual();          // the seed, which becomes a function's runtime
//
// In the background it never takes the CPU from somebody who runs (SCHED_BATCH), and has it for
// 0.1 ms at a time instead of some 3 (Linux 6.12; before, as long as others). Its share stays the
// same, so that nobody who waits for a sandbox waits much longer, and no privilege is needed to
// come back. What a host refuses changes nothing.
#pragma once

namespace coldframe {

void work_in_background();
void work_as_usual();

}  // namespace coldframe
