// What an environment holds while an invoke runs long, and when it is over.
#include <algorithm>

#include "emulator/environment/execution_environment.hpp"
#include "emulator/process/activity.hpp"

namespace coldframe {

// While an invoke runs long.
void ExecutionEnvironment::on_look() {
  if (!invocation_ || !services_.records.wants_leftovers()) return;
  if (const auto used = sandbox_->tmp_used_bytes()) {
    record_.tmp_used_bytes = std::max(record_.tmp_used_bytes.value_or(0), *used);
  }
}

void ExecutionEnvironment::look_at_leftovers() {
  if (const auto used = sandbox_->tmp_used_bytes()) {
    record_.tmp_left_bytes = used;
    record_.tmp_used_bytes = std::max(record_.tmp_used_bytes.value_or(0), *used);
  }
  if (!process_ || process_exited_ || state_ != EnvironmentState::draining) return;
  const auto held = holdings_.look(process_->pid(), *limits_, services_.clock.now());
  if (!held) return;
  record_.threads = held->threads;
  record_.descriptors = held->descriptors;
  record_.children = held->children;
  record_.resident_bytes = held->resident_bytes;
}

Activity ExecutionEnvironment::activity() const {
  Activity activity;
  std::size_t living = 0;
  for (const pid_t pid : limits_->processes()) {
    const ProcessActivity one = process_activity(pid);
    if (one == ProcessActivity::gone) continue;
    ++living;
    activity.working = activity.working || one == ProcessActivity::working;
    activity.cpu += process_cpu(pid).value_or(Duration::zero());
  }
  activity.more_processes = processes_at_first_ > 0 && living > processes_at_first_;
  return activity;
}

// Who has looked has told; the Freezer need not.
void ExecutionEnvironment::let_rest() {
  if (state_ == EnvironmentState::idle && process_ && !process_exited_) {
    freezer_.rest(*process_, false);
  }
}

}  // namespace coldframe
