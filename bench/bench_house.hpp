// The house of single environments, without pools and an Invoke API: what ExecutionEnvironment
// needs of it, a loop to wait on, and the time at which a runtime drew its first breath.
//
//   BenchHouse house(io_of(...), limits, sandbox);
//   auto environment = house.make(config);  environment->prewarm();
//   house.until([&] { return house.breath().has_value(); });
//
// One thread.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "emulator/base/io_timers.hpp"
#include "emulator/base/offload.hpp"
#include "emulator/environment/execution_environment.hpp"
#include "emulator/record_fanout.hpp"

namespace coldframe::bench {

// Prints one sentence on stderr and exits with `code`.
[[noreturn]] void stop(int code, const std::string& sentence);

// Finds "breath N" in what the runtime prints; keeps the last of the rest, for complaints.
class BreathLog final : public TextSink {
 public:
  void write(std::string_view text) override;
  std::optional<std::int64_t> breath;  // ns of CLOCK_MONOTONIC
  std::string last;
};

// What all environments share.
struct BenchHouse {
  boost::asio::io_context io;
  SystemClock clock;
  IoTimers timers{io, clock};
  Offload offload{io};
  Offload group_offload{io};
  IdSource ids;
  RecordFanout records;
  BreathLog log;
  Freezing freezing{true, [](const std::string&) {}, {}};

  // Runs the loop until `done`; ends the program after 30 s.
  void until(const std::function<bool()>& done, const char* what);
  void rest(Duration time);
};

// One environment of a back-end, and what it tells of itself.
class BenchEnvironment final : private EnvironmentOwner {
 public:
  // All outlive it.
  BenchEnvironment(BenchHouse& house, LimitsBackend& limits, Sandbox& sandbox,
                   const FunctionConfig& config);
  // Waits. Ends the program if it cannot be opened, as the next does.
  void prepare();
  std::int64_t start();  // waits for the first breath: when it was; and until it is idle
  Duration end();        // waits; how long it took

 private:
  void on_available(ExecutionEnvironment&) override { idle_ = true; }
  void on_change(ExecutionEnvironment&) override {}
  void on_host_failure(InvocationPtr, const std::string& reason) override { stop(4, reason); }

  BenchHouse& house_;
  EnvironmentServices services_;
  ExecutionEnvironment environment_;
  bool idle_ = false;
};

}  // namespace coldframe::bench
