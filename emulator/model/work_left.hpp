// What a function still did when it had answered (W23): Lambda freezes it until its next invoke.
#pragma once

namespace coldframe {

enum class WorkLeft {
  none,       // nothing that was seen; a thread that sleeps is not
  threads,    // it went on using a CPU
  processes,  // one that an invoke had started was there; it may have slept
};

struct WorkSeen {
  WorkLeft left = WorkLeft::none;
  bool waited = false;  // it worked at first, so it was looked at until it stopped, or did not
};

}  // namespace coldframe
