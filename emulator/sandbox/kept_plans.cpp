#include "emulator/sandbox/kept_plans.hpp"

#include <utility>

namespace coldframe {

KeptPlans::Function KeptPlans::function_of(const FunctionConfig& config) {
  return {config.entry_point,     config.command,   config.task_root, config.working_directory,
          config.tmp_mb,          config.memory_mb, config.image,     config.extensions,
          find_extensions(config)};
}

const SandboxPlan& KeptPlans::now(const FunctionConfig& config) {
  EntryPoint entry = find_entry_point(config);
  Kept& kept = kept_[config.name];
  auto function = function_of(config);
  if (kept.function == function && kept.entry == entry && kept.looks.still_so()) return kept.plan;
  HostLooks looks;
  SandboxPlan plan = plan_sandbox(config, entry, network_, looks);
  kept = {std::move(function), std::move(entry), std::move(looks), std::move(plan)};
  return kept.plan;
}

const SandboxPlan& KeptPlans::last(const FunctionConfig& config) {
  const auto known = kept_.find(config.name);
  const bool same = known != kept_.end() && known->second.function == function_of(config);
  return same ? known->second.plan : now(config);
}

}  // namespace coldframe
