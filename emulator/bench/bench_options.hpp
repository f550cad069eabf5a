// What both benchmarks are told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "emulator/base/clock.hpp"
#include "emulator/bench/threshold.hpp"
#include "emulator/model/function_under_test.hpp"

namespace coldframe {

struct BenchProgress {
  std::size_t launches_done = 0;
  std::size_t launches_total = 0;
  std::size_t errors = 0;
};

struct BenchOptions {
  std::vector<std::string> events;  // at least one; call i of a launch takes the next one
  std::string event_source;         // "smoke goldens", "event.json", "--event", "{}"; for people
  std::vector<Threshold> thresholds;
  std::optional<Duration> max_time;  // no further launch begins after it; the run says so
  std::function<void(const BenchProgress&)> progress;
  // Whether the answer to events[i] is right; a sentence if it is not. Without it, every answer is
  // right and every function error is an error.
  std::function<std::optional<std::string>(std::size_t i, const InvokeResult&)> check;
};

}  // namespace coldframe
