// Facts about what happened, as they leave through RecordSink. A field that was not measured is
// empty, never zero. Durations are measured on the steady clock and not rounded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/base/clock.hpp"
#include "emulator/model/payload.hpp"

namespace coldframe {

enum class InvocationStatus { ok, function_error, timeout, out_of_memory, exit, init_error };

// "ok", "function_error", "timeout", "out_of_memory", "exit", "init_error": keys of result files.
constexpr const char* to_text(InvocationStatus status) {
  switch (status) {
    case InvocationStatus::ok:
      return "ok";
    case InvocationStatus::function_error:
      return "function_error";
    case InvocationStatus::timeout:
      return "timeout";
    case InvocationStatus::out_of_memory:
      return "out_of_memory";
    case InvocationStatus::exit:
      return "exit";
    case InvocationStatus::init_error:
      return "init_error";
  }
  return "ok";
}

enum class InitPhase { init, invoke };  // `invoke`: a suppressed init
enum class InitStatus { success, timeout, error };

// "ok", "timeout", "error": keys of result files.
constexpr const char* to_text(InitStatus status) {
  switch (status) {
    case InitStatus::success:
      return "ok";
    case InitStatus::timeout:
      return "timeout";
    case InitStatus::error:
      return "error";
  }
  return "error";
}

struct InitRecord {
  std::string function;
  std::string environment_id;
  InitPhase phase = InitPhase::init;
  InitStatus status = InitStatus::success;
  std::string error_type;       // empty unless status is error
  Duration duration{};          // process start to first next, or to failure
  std::optional<Duration> cpu;  // CPU time used in it, by the runtime or, with cgroups, by all
  WallTime started{};
  bool provisioned = false;   // started ahead of any invoke
  std::string exit_reason{};  // "Runtime exited with error: exit status 3"; empty: it did not exit
  std::string last_line{};    // of a failed init: the last that it printed, as far as it fits
  Payload error_body{};       // of a failed init: the error that it reported; null: none
};

// How an extension came out of an init.
struct ExtensionRecord {
  std::string name;
  std::string state;                // "Ready", "Registered", "Exited", …
  std::vector<std::string> events;  // that it has subscribed to
  std::string error_type;           // empty: none
};

struct InvocationRecord {
  std::string function;
  std::string request_id;
  std::string environment_id;
  bool cold = false;  // a process was started for this invoke
  InvocationStatus status = InvocationStatus::ok;
  std::string error_type;        // as in REPORT; empty if none
  std::string answer_error;      // the error type that the caller's answer went with
  std::string exit_reason;       // as in InitRecord
  bool never_started = false;    // init failed, or lasted until the timeout
  WallTime started{};            // START
  std::optional<Duration> init;  // Init Duration, cold starts only
  std::optional<Duration> init_cpu;
  Duration duration{};               // event handed over → next, of all (REPORT's figure)
  std::optional<Duration> runtime;   // … of the runtime, where extensions could be later
  std::optional<Duration> response;  // event handed over → answer complete
  std::int64_t billed_ms = 0;
  int memory_size_mb = 0;
  std::optional<std::int64_t> max_memory_used_bytes;  // peak over the environment's life
  std::optional<Duration> cpu;        // event → next; of the runtime or, with cgroups, of all
  std::optional<Duration> throttled;  // kept from running by the CPU quota meanwhile
  std::size_t produced_bytes = 0;     // size of the answer
  // What the environment holds when the invoke is over; as far as somebody wants it, of a process
  // that lives on, and as there is time to look (holdings.hpp).
  std::optional<int> threads;
  std::optional<int> threads_at_timeout;  // of all its processes, before they were killed
  std::optional<int> descriptors;
  std::optional<int> children;
  std::optional<std::int64_t> resident_bytes;
  std::optional<std::int64_t> tmp_used_bytes;  // the most that was seen in this invoke
  std::optional<std::int64_t> tmp_left_bytes;  // at its end
  Payload error_body{};  // what the caller got in place of an answer; null: an answer

  // For the next invoke of the same environment: what is the same for all of them stays.
  void renew() {
    cold = never_started = false;
    status = InvocationStatus::ok;
    error_type.clear();
    answer_error.clear();
    exit_reason.clear();
    started = {};
    init.reset();
    init_cpu.reset();
    duration = {};
    runtime.reset();
    response.reset();
    billed_ms = 0;
    max_memory_used_bytes.reset();
    cpu.reset();
    throttled.reset();
    produced_bytes = 0;
    threads.reset();
    threads_at_timeout.reset();
    descriptors.reset();
    children.reset();
    resident_bytes.reset();
    tmp_used_bytes.reset();
    tmp_left_bytes.reset();
    error_body.reset();
  }
};

// Where facts go. Implementations must not block; called on the I/O thread.
class RecordSink {
 public:
  virtual ~RecordSink() = default;
  virtual void on_init(const InitRecord&) {}
  virtual void on_invocation(const InvocationRecord&) {}
  // A line that the function printed, or a log event of its client, without its line end; before
  // the record of what it was printed in.
  virtual void on_output(const std::string& /*environment_id*/, std::string_view /*text*/) {}
  // Whether anybody reads the CPU time of each invoke; asking the kernel twice an invoke is not
  // free.
  virtual bool wants_cpu() const { return true; }
  // Whether anybody reads what an invoke leaves: threads, descriptors, children, memory, /tmp.
  virtual bool wants_leftovers() const { return false; }
};

}  // namespace coldframe
