#include "emulator/limits/limits_by_signal.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <csignal>
#include <utility>

namespace coldframe {
namespace {

class SignalLimits final : public EnvironmentLimits {
 public:
  SignalLimits(SignalGovernor& governor, GovernedGroup group, std::vector<int> cpus,
               LimitsEvents& events)
      : governor_(governor), cpus_(std::move(cpus)), memory_bytes_(group.memory_bytes) {
    group.on_out_of_memory = [&events, here = std::weak_ptr<char>(here_), this] {
      // It may be about a generation that has ended meanwhile.
      if (!here.expired() && pid_ > 0 && out_of_memory()) events.on_out_of_memory();
    };
    group_ = governor_.add(std::move(group));
  }
  ~SignalLimits() override { governor_.remove(group_); }
  SignalLimits(const SignalLimits&) = delete;
  SignalLimits& operator=(const SignalLimits&) = delete;

  std::vector<int> cpus() const override { return cpus_; }
  void on_start(bool in_invoke) override {
    governor_.set(group_, [in_invoke](GovernedGroup& group) {
      group.limited = group.limited || in_invoke;
      group.out_of_memory = false;
    });
  }
  void on_process(pid_t pid) override {
    pid_ = std::max(pid, 0);
    watch(pid_, pid_ > 0);
  }
  void on_end(const FinalMemory& memory) override {
    if (pid_ > 0) memory_.end(memory);
    pid_ = 0;
    watch(0, false);
  }
  void on_init_complete() override {
    governor_.set(group_, [](GovernedGroup& group) { group.limited = true; });
  }
  void on_dispatch() override {
    governor_.set(group_, [](GovernedGroup& group) { group.active = true; });
  }
  // Whoever goes on working after the answer is held back too, until it is frozen.

  bool freeze() override {
    governor_.set(group_, [](GovernedGroup& group) {
      group.frozen = true;
      group.active = false;
      if (group.pid > 0) ::kill(-group.pid, SIGSTOP);
    });
    return true;
  }
  void thaw() override {
    governor_.set(group_, [](GovernedGroup& group) {
      if (!std::exchange(group.frozen, false)) return;
      if (group.pid > 0 && !group.stopped) ::kill(-group.pid, SIGCONT);
    });
  }
  std::vector<pid_t> processes() const override { return process_tree(pid_); }
  void sample(TimePoint now, bool forced) override {
    if (pid_ > 0) memory_.sample(pid_, now, forced);
  }
  std::optional<CpuTime> cpu() const override {
    const auto used = process_cpu(pid_);
    if (!used) return std::nullopt;
    CpuTime time{*used};
    governor_.set(group_, [&](GovernedGroup& group) { time.throttled = group.throttled; });
    return time;
  }
  std::optional<std::int64_t> peak_bytes() const override {
    const auto peak = memory_.peak_bytes();
    return full_ ? std::max(peak.value_or(0), memory_bytes_) : peak;
  }
  bool out_of_memory() override {
    bool out = false;
    governor_.set(group_, [&](GovernedGroup& group) { out = group.out_of_memory; });
    full_ = full_ || out;
    return out;
  }

 private:
  void watch(pid_t pid, bool active) {
    governor_.set(group_, [pid, active](GovernedGroup& group) {
      group.pid = pid;
      group.active = active;
      group.frozen = group.stopped = false;
      group.tree.clear();
      group.next_tree = {};
    });
  }

  SignalGovernor& governor_;
  std::vector<int> cpus_;
  std::int64_t memory_bytes_;
  std::shared_ptr<char> here_ = std::make_shared<char>();  // a task may come after our end
  std::shared_ptr<GovernedGroup> group_;
  pid_t pid_ = 0;
  MemoryMeter memory_;
  bool full_ = false;  // has used all that there is
};

}  // namespace

LimitsBySignal::LimitsBySignal(LimitsHouse house, double cpu_scale)
    : cpu_scale_(cpu_scale),
      places_(allowed_cpus()),
      notes_(house.log),
      governor_([&io = house.io](std::function<void()> task) {
        boost::asio::post(io, std::move(task));
      }) {}

std::unique_ptr<EnvironmentLimits> LimitsBySignal::create(const std::string&,
                                                          const FunctionConfig& config,
                                                          LimitsEvents& events) {
  if (places_.missing(config.memory_mb) > 0) {
    notes_.note(missing_cpus_text(config.memory_mb, places_));
  }
  GovernedGroup group;
  group.quota = cpu_quota(config.memory_mb, cpu_scale_);
  group.memory_bytes = std::int64_t{config.memory_mb} << 20;
  group.cpus = std::max(1, std::min(visible_vcpus(config.memory_mb), places_.count()));
  return std::make_unique<SignalLimits>(governor_, std::move(group), places_.next(config.memory_mb),
                                        events);
}

}  // namespace coldframe
