// Whether a function that has answered goes on working, for a caller that will not leave it alone
// for as long as the Freezer's own looks take: it is about to invoke again, or to end.
//
//   WorkLook look(clock.now());
//   while (!(left = look.see(environment.activity(), clock.now()))) wait(look.pause());
//
// At once where all rests. Else it is looked at again until it does, or 0.27 s are over: a runtime
// is on its way to its next poll, threads of a pool go round and round before they sleep (OpenBLAS
// for 30 ms, OpenMP of LLVM and Intel for 200). Then CPU time that is still being used is work.
// Pure; owned by who looks.
#pragma once

#include <optional>

#include "emulator/base/clock.hpp"
#include "emulator/model/work_left.hpp"

namespace coldframe {

struct Activity {
  bool working = false;         // a thread has a CPU or waits for one
  bool more_processes = false;  // than before any event
  Duration cpu{};               // used so far, by all processes
};

class WorkLook {
 public:
  explicit WorkLook(TimePoint now) : begun_(now), last_look_(now) {}

  // Nothing: not certain yet, look again after pause(). Times do not go back.
  std::optional<WorkSeen> see(const Activity& activity, TimePoint now);
  Duration pause();  // 0.2 ms at first, at most 10 ms

 private:
  bool rests(const Activity& activity, TimePoint now);

  TimePoint begun_;
  TimePoint last_look_;
  std::optional<Duration> cpu_at_last_look_;
  std::optional<Duration> cpu_after_pools_;  // once threads of a pool would have gone to sleep
  Duration pause_ = std::chrono::microseconds(200);
};

}  // namespace coldframe
