#include "emulator/limits/freezer.hpp"

#include <algorithm>
#include <utility>

namespace coldframe {
namespace {

constexpr std::chrono::milliseconds k_rest{1};             // before a look, and before the stop
constexpr std::chrono::microseconds k_still_working{500};  // of CPU time in that time

Duration cpu_of(const std::vector<pid_t>& processes) {
  Duration sum{};
  for (const pid_t pid : processes)
    sum += process_cpu(pid).value_or(Duration::zero());
  return sum;
}

}  // namespace

Freezer::Freezer(Timers& timers, const Clock& clock, Freezing& freezing,
                 const std::string& function, EnvironmentLimits& limits)
    : clock_(clock),
      freezing_(freezing),
      function_(function),
      limits_(limits),
      timer_(timers, [this] { on_timer(); }) {}

void Freezer::begin() {
  if (freezing_.on) processes_at_first_ = limits_.processes().size();
}

void Freezer::rest(RuntimeProcess& process, bool watch) {
  if (!freezing_.on) return;
  process_ = &process;
  watch_ = watch;
  timer_.set(clock_.now() + k_rest);
}

void Freezer::on_timer() {
  if (process_ == nullptr) return;
  if (watch_ && !freezing_.told.contains(function_)) {
    const auto processes = limits_.processes();
    const Duration cpu = cpu_of(processes);
    if (!cpu_seen_) {
      cpu_seen_ = cpu;
      return timer_.set(clock_.now() + k_rest);
    }
    if (cpu - *cpu_seen_ > k_still_working) {
      tell("it was still working when it had answered");
    } else if (processes.size() > processes_at_first_ && processes_at_first_ > 0) {
      tell("a process that it had started was still there when it had answered");
    }
  }
  frozen_ = true;
  by_limits_ = limits_.freeze();
  if (!by_limits_) process_->suspend();
}

void Freezer::tell(const std::string& what) {
  freezing_.told.insert(function_);
  freezing_.tell("coldframe: note: '" + function_ + "': " + what +
                 ": Lambda freezes it until the next invoke (W23)\n");
}

void Freezer::end_rest() {
  RuntimeProcess* process = std::exchange(process_, nullptr);
  timer_.clear();
  cpu_seen_.reset();
  if (!std::exchange(frozen_, false)) return;
  if (by_limits_) return limits_.thaw();
  process->resume();
}

void Freezer::forget() {
  process_ = nullptr;
  timer_.clear();
  cpu_seen_.reset();
  if (std::exchange(frozen_, false) && by_limits_) limits_.thaw();
}

}  // namespace coldframe
