#include "emulator/limits/limits_by_cgroup.hpp"

#include <utility>

#include "emulator/limits/group_limits.hpp"

namespace coldframe {

LimitsByCgroup::LimitsByCgroup(LimitsHouse house, CgroupRun& run, std::string name,
                               double cpu_scale)
    : house_(house),
      run_(run),
      name_(std::move(name)),
      cpu_scale_(cpu_scale),
      places_(allowed_cpus()),
      notes_(house.log) {}

std::unique_ptr<EnvironmentLimits> LimitsByCgroup::create(const std::string& environment_id,
                                                          const FunctionConfig& config,
                                                          LimitsEvents& events) {
  if (places_.missing(config.memory_mb) > 0)
    note_once(missing_cpus_text(config.memory_mb, places_));
  GroupLimits::Plan plan{environment_id, std::int64_t{config.memory_mb} << 20,
                         cpu_quota(config.memory_mb, cpu_scale_), places_.next(config.memory_mb)};
  return std::make_unique<GroupLimits>(*this, house_, run_, std::move(plan), events);
}

}  // namespace coldframe
