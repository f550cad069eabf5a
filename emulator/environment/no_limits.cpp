#include "emulator/environment/limits_backend.hpp"

namespace coldframe {
namespace {

class Unlimited final : public EnvironmentLimits {
 public:
  void on_process(pid_t pid) override { pid_ = pid; }
  void on_end(const FinalMemory& memory) override {
    if (pid_ > 0) memory_.end(memory);
    pid_ = 0;
  }
  void sample(TimePoint now, bool forced) override {
    if (pid_ > 0) memory_.sample(pid_, now, forced);
  }
  std::optional<Duration> cpu() const override { return process_cpu(pid_); }
  std::optional<std::int64_t> peak_bytes() const override { return memory_.peak_bytes(); }

 private:
  pid_t pid_ = 0;
  MemoryMeter memory_;
};

}  // namespace

std::unique_ptr<EnvironmentLimits> NoLimits::create(const std::string&, const FunctionConfig&) {
  return std::make_unique<Unlimited>();
}

}  // namespace coldframe
