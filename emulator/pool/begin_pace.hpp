// When more invokes of a function may be begun, of many that came at once: a pure decision, asked
// once in each turn of the loop in which some wait.
//
//   if (pace.may_begin(busy, steps)) { begin up to k_begun_at_once; pace.begun(steps); }
//
// Work begun is done before more is begun: as long as those at work come on from turn to turn, the
// others wait, and the environments that are free again, whose memory is in the caches, take them.
// Of a function that takes its time nobody comes on, so four more begin every four turns, which
// take microseconds. With 64 callers of a function that answers at once, on one CPU, 4 environments
// then do what 20 did, in nine tenths of the time (bench row "scale").
#pragma once

#include <cstdint>

namespace coldframe {

class BeginPace {
 public:
  static constexpr int k_begun_at_once = 4;  // fewer are at work and none waits: begin, unasked
  static constexpr int k_still_turns = 4;    // turns in which nobody at work came on
  static constexpr int k_longest_wait = 64;  // turns; more is begun then, whatever the others do

  // `busy`: environments at work; `steps`: changes of their states, a number that grows.
  constexpr bool may_begin(int busy, std::uint64_t steps) {
    still_ = steps == steps_ ? still_ + 1 : 0;
    steps_ = steps;
    return busy == 0 || still_ >= k_still_turns || ++waited_ >= k_longest_wait;
  }
  constexpr void begun(std::uint64_t steps) {
    steps_ = steps;
    still_ = waited_ = 0;
  }

 private:
  std::uint64_t steps_ = 0;
  int still_ = 0;
  int waited_ = 0;
};

}  // namespace coldframe
