#include "emulator/limits/freezer.hpp"

#include <algorithm>
#include <utility>

#include "emulator/process/activity.hpp"

namespace coldframe {
namespace {

constexpr std::chrono::milliseconds k_rest{1};             // before a look, and before the stop
constexpr std::chrono::microseconds k_still_working{500};  // of CPU time in that time
// Threads of a pool wait for more by going round and round: OpenBLAS's for 30 ms, OpenMP's of LLVM
// and Intel for 200.
constexpr std::chrono::milliseconds k_end_of_waiting{250};
// Of a function: until then it is not frozen.
constexpr int k_most_stopped = 3;       // it was seen to stop: threads that wait
constexpr int k_most_looks_again = 50;  // the next event came too soon for most of them
constexpr int k_most_states = 64;       // rests of a function in which threads are asked, too

Duration cpu_of(const std::vector<pid_t>& processes) {
  Duration sum{};
  for (const pid_t pid : processes)
    sum += process_cpu(pid).value_or(Duration::zero());
  return sum;
}

// What a thread uses is added up when it waits, or at the next tick: 4 ms later.
bool anybody_works(const std::vector<pid_t>& processes) {
  return std::any_of(processes.begin(), processes.end(),
                     [](pid_t pid) { return process_activity(pid) == ProcessActivity::working; });
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
      working_seen_ = (looked_again_ || freezing_.looks[function_].states++ < k_most_states) &&
                      anybody_works(processes);
      return timer_.set(clock_.now() + k_rest);
    }
    if (cpu - *cpu_seen_ > k_still_working || (working_seen_ && anybody_works(processes))) {
      if (look_again()) return;
    } else {
      if (looked_again_) ++freezing_.looks[function_].stopped;
      if (processes.size() > processes_at_first_ && processes_at_first_ > 0) {
        tell("a process that it had started was still there when it had answered");
      }
    }
  }
  frozen_ = true;
  by_limits_ = limits_.freeze();
  if (!by_limits_) process_->suspend();
}

// It works: whether that is to be looked at again, which is once a rest, and not for ever: until
// then it is not frozen.
bool Freezer::look_again() {
  if (std::exchange(looked_again_, true)) {
    tell("it was still working when it had answered");
    return false;
  }
  Freezing::Looks& looks = freezing_.looks[function_];
  if (looks.stopped == k_most_stopped || looks.again++ == k_most_looks_again) {
    freezing_.told.insert(function_);
    return false;
  }
  cpu_seen_.reset();
  timer_.set(clock_.now() + k_end_of_waiting);
  return true;
}

void Freezer::tell(const std::string& what) {
  freezing_.told.insert(function_);
  freezing_.said.insert(function_);
  freezing_.tell("coldframe: note: '" + function_ + "': " + what +
                 ": Lambda freezes it until the next invoke (W23)\n");
}

void Freezer::end_rest() {
  RuntimeProcess* process = std::exchange(process_, nullptr);
  timer_.clear();
  cpu_seen_.reset();
  looked_again_ = false;
  if (!std::exchange(frozen_, false)) return;
  if (by_limits_) return limits_.thaw();
  process->resume();
}

void Freezer::forget() {
  process_ = nullptr;
  timer_.clear();
  cpu_seen_.reset();
  looked_again_ = false;
  frozen_ = false;
}

}  // namespace coldframe
