#include "emulator/limits/no_limits.hpp"

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
  std::vector<pid_t> processes() const override { return process_tree(pid_); }
  std::optional<CpuTime> cpu() const override {
    const auto used = process_cpu(pid_);
    if (!used) return std::nullopt;
    return CpuTime{*used};
  }
  std::optional<std::int64_t> peak_bytes() const override { return memory_.peak_bytes(); }

 private:
  pid_t pid_ = 0;
  MemoryMeter memory_;
};

}  // namespace

std::unique_ptr<EnvironmentLimits> NoLimits::create(const std::string&, const FunctionConfig&,
                                                    LimitsEvents&) {
  return std::make_unique<Unlimited>();
}

}  // namespace coldframe
