// What an environment holds while an invoke runs long, and when it is over.
#include <algorithm>

#include "emulator/environment/execution_environment.hpp"

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

}  // namespace coldframe
