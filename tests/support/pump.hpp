// Waiting in a test: whoever waits lets the emulator's loop run meanwhile, because both live on the
// test's thread.
//
//   wait_for(pump, [&] { return client.reply_ready(); }, "a reply");   // throws after 30 s
//
// A budget is a safety net against hanging, not a measurement: it is far longer than any machine
// needs. EmulatorFixture is a Pump; SleepPump serves where nothing has to run.
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace coldframe::testing {

inline constexpr std::chrono::seconds k_patience{30};

class Pump {
 public:
  virtual ~Pump() = default;
  // Does what there is to do; waits for at most a millisecond if there is nothing.
  virtual void turn() = 0;
  // What to print when somebody waited in vain.
  virtual std::string describe() const { return ""; }
};

class SleepPump final : public Pump {
 public:
  void turn() override;
};

// False if the budget ran out first.
bool pump_until(Pump& pump, const std::function<bool()>& condition,
                std::chrono::milliseconds budget = k_patience);
// The same, but throws std::runtime_error naming `what`.
void wait_for(Pump& pump, const std::function<bool()>& condition, const std::string& what);

}  // namespace coldframe::testing
