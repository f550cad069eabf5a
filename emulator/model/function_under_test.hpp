// How validate and bench see a function: one environment that answers events one after the other,
// and that can be thrown away so that the next event meets a cold start. The program implements it
// over Emulator; tests implement it with a lambda. Blocking; one thread.
#pragma once

#include <string_view>
#include <vector>

#include "emulator/base/error.hpp"
#include "emulator/model/invoke.hpp"

namespace coldframe {

struct Observation {
  InvokeResult result;
  InvocationRecord record;
  Duration latency{};               // request handed over → answer received, on the caller's side
  std::vector<InitRecord> inits{};  // that ended meanwhile: a first one that failed, too
};

class FunctionUnderTest {
 public:
  virtual ~FunctionUnderTest() = default;
  // Fails (exit code 4, or 128+n when a signal asked us to end: signal_of) only if the emulator
  // itself failed; whatever the function did, an init failure included, is in the observation.
  virtual Result<Observation> invoke(std::string_view event) = 0;
  // Ends the environment; returns when its processes are gone.
  virtual Result<void> recycle() = 0;
};

}  // namespace coldframe
