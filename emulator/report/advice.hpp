// What to try next, once a command has ended: a timeout or a memory size that would suffice.
//
//   Advisor advisor;
//   emulator.add_record_sink(advisor);             // the advisor outlives the emulator's last call
//   …
//   for (const auto& text : advisor.advice(config, exit_code == 0)) note(text);
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "emulator/model/function_config.hpp"
#include "emulator/model/record.hpp"

namespace coldframe {

class Advisor final : public RecordSink {
 public:
  void on_invocation(const InvocationRecord& record) override;
  bool wants_cpu() const override { return false; }
  // A timeout is worth a word only where the command did not end well: a golden may want one.
  std::vector<std::string> advice(const FunctionConfig& config, bool ended_well) const;

 private:
  bool timed_out_ = false;
  std::int64_t peak_bytes_ = 0;
};

}  // namespace coldframe
