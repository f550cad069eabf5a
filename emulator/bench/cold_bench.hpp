// How long a cold start takes: N fresh environments, each with its first call and one more.
//
//   ColdBench bench({.starts = 40}, options, clock);
//   Result<BenchReport> report = bench.run(function);
//
// An error means that the emulator failed; a function that cannot start or that errs is in the
// report. Blocking; one thread.
#pragma once

#include <cstddef>

#include "emulator/bench/bench_options.hpp"
#include "emulator/bench/bench_report.hpp"

namespace coldframe {

struct ColdPlan {
  std::size_t starts = 40;
};

class ColdBench {
 public:
  ColdBench(ColdPlan plan, BenchOptions options, const Clock& clock)
      : plan_(plan), options_(std::move(options)), clock_(clock) {}
  Result<BenchReport> run(FunctionUnderTest& function);

 private:
  ColdPlan plan_;
  BenchOptions options_;
  const Clock& clock_;
};

}  // namespace coldframe
