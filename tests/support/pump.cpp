#include "tests/support/pump.hpp"

#include <stdexcept>
#include <thread>

namespace coldframe::testing {

void SleepPump::turn() { std::this_thread::sleep_for(std::chrono::milliseconds(1)); }

bool pump_until(Pump& pump, const std::function<bool()>& condition,
                std::chrono::milliseconds budget) {
  const auto end = std::chrono::steady_clock::now() + budget;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    pump.turn();
  }
  return true;
}

void wait_for(Pump& pump, const std::function<bool()>& condition, const std::string& what) {
  if (pump_until(pump, condition)) return;
  throw std::runtime_error("waited in vain for " + what + "\n" + pump.describe());
}

}  // namespace coldframe::testing
