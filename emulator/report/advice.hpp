// What to try next, once a command has ended: an init limit, a timeout or a memory size that would
// suffice, a runtime client to install; and why a process ended, which AWS's log lines leave out.
//
//   Advisor advisor;
//   emulator.add_record_sink(advisor);             // the advisor outlives the emulator's last call
//   …
//   for (const auto& text : advisor.advice(config, {.ended_well = exit_code == 0})) note(text);
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "emulator/model/function_config.hpp"
#include "emulator/model/record.hpp"

namespace coldframe {

// What to do about an init that failed because the interpreter has no `awslambdaric`; empty: it did
// not fail because of that.
std::string missing_client_advice(const InitRecord& record);

// What to know of an init that worked, and that Lambda would have ended before; empty: it would
// not.
std::string long_init_advice(const InitRecord& record, const FunctionConfig& config);

// What a command knows of its end.
struct CommandEnd {
  // A timeout is worth a word only where the command did not end well: a golden may want one.
  bool ended_well = false;
  // It was told whom a function could not reach, so more time is no remedy.
  bool cut_off = false;
  // It was told why a process ended.
  bool is_explained = false;
  // What a function keeps in /tmp takes of its memory size, as it does not on Lambda.
  bool tmp_counts_as_memory = false;
};

class Advisor final : public RecordSink {
 public:
  void on_init(const InitRecord& record) override;
  void on_invocation(const InvocationRecord& record) override;
  bool wants_cpu() const override { return false; }
  std::vector<std::string> advice(const FunctionConfig& config, const CommandEnd& end) const;

 private:
  bool timed_out_ = false;
  bool bad_mode_ = false;             // an answer that Lambda refuses by its response mode
  bool init_timed_out_ = false;       // at its own limit
  InitRecord longest_init_{};         // of those that worked
  bool invoke_in_init_ = false;       // the repetition of an init lasted until the function timeout
  bool exited_after_answer_ = false;  // so that nobody else tells
  std::string exit_reason_;           // the last
  std::string client_advice_;
  std::string out_of_memory_advice(const FunctionConfig& config, const CommandEnd& end) const;

  bool out_of_memory_ = false;
  std::int64_t tmp_bytes_ = 0;  // the most in /tmp when it lacked memory
  std::int64_t peak_bytes_ = 0;
};

}  // namespace coldframe
