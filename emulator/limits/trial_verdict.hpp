// What a trial of the limits says: whether this kernel holds a busy process as Lambda's does.
//
//   differences({.burst = 4ms, .gap = 36ms, .share = 0.0722, .wanted = 0.0723}, 4ms)    // none
//   // else as "the share is 5.4 % too small"
//
// The share is to be right within 2 %, a burst to be one tick within 10 %, and a burst with its gap
// whole periods within 1 ms. What the tick is, is this kernel's own matter. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "emulator/limits/limits_trial.hpp"

namespace coldframe {

inline constexpr Duration k_lambda_tick = std::chrono::milliseconds(4);  // 250 Hz

// Each a clause of a sentence; none: as on Lambda. `tick`: of this kernel; 0: not known.
std::vector<std::string> differences(const LimitsTrial& trial, Duration tick);

}  // namespace coldframe
