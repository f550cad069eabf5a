// Whether a process is at work at this moment, read from the kernel without its help.
//
//   if (process_activity(pid) == ProcessActivity::working) …   // perhaps only on its way to a wait
#pragma once

#include <sys/types.h>

namespace coldframe {

enum class ProcessActivity {
  gone,     // there is no such process, or it has ended and nobody has waited for it
  resting,  // all its threads wait for something
  working,  // a thread has a CPU or waits for one, or for the end of a stop (limits by signals)
};

// Some 20 µs and 10 µs more a thread. Any thread.
ProcessActivity process_activity(pid_t pid);

}  // namespace coldframe
