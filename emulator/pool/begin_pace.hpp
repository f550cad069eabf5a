// When more invokes may be begun, of many that came at once: a pure decision, asked once in each
// turn of the loop.
//
//   if (pace.may_begin(busy, steps)) { begin up to k_begun_at_once; pace.begun(steps); }
//
// Work begun is done before more is begun: as long as those at work come on from turn to turn, the
// others wait, and the environments that are free again, whose memory is in the caches, take them.
// Of functions that take their time nobody comes on, so all are at work within a few turns
// (microseconds). With 64 callers of a function that answers at once, on one CPU, 4 environments
// then do what 20 did, in nine tenths of the time (bench row "scale").
#pragma once

#include <cstdint>

namespace coldframe {

class BeginPace {
 public:
  static constexpr int k_begun_at_once = 4;  // and so many at work may begin without waiting
  static constexpr int k_still_turns = 4;    // turns in which nobody at work came on
  static constexpr int k_longest_wait = 64;  // turns; more is begun then, whatever the others do

  // `busy`: environments at work; `steps`: changes of their states, counted on for ever.
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
