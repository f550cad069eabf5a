// How long a warm call takes: L fresh environments, each called N times one after the other. The
// first call is cold and the next few may still be slow: how many is found and reported, and they
// do not count as warm.
//
//   WarmBench bench({.launches = 10, .calls = 50}, options, clock);
//   Result<BenchReport> report = bench.run(function);
//
// Intervals come from whole launches, since calls of one launch resemble each other. Errors as in
// ColdBench. Blocking; one thread.
#pragma once

#include <cstddef>

#include "emulator/bench/bench_options.hpp"
#include "emulator/bench/bench_report.hpp"

namespace coldframe {

struct WarmPlan {
  std::size_t launches = 10;
  std::size_t calls = 50;  // of each launch, the cold one included; at least 2
};

class WarmBench {
 public:
  WarmBench(WarmPlan plan, BenchOptions options, const Clock& clock)
      : plan_(plan), options_(std::move(options)), clock_(clock) {}
  Result<BenchReport> run(FunctionUnderTest& function);

 private:
  WarmPlan plan_;
  BenchOptions options_;
  const Clock& clock_;
};

}  // namespace coldframe
