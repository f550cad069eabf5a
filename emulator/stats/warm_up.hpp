// Where warming up ends: how many of the first calls of an environment are slower than the rest.
//
//   std::size_t k = find_warm_up(durations_ms);   // drop the first k, and say so
//
// Pure; any thread.
#pragma once

#include <cstddef>
#include <vector>

namespace coldframe::stats {

// 0 if the calls are steady from the start; at most half of the calls.
std::size_t find_warm_up(const std::vector<double>& durations);

}  // namespace coldframe::stats
