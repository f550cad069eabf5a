// The group of one environment where cgroup v2 has the controllers: one directory.
//
//   auto group = make_cgroup_v2(kernel_files(), "/sys/fs/cgroup/…/x/a1b2", limits);
//
// The group above must give it cpu, memory and pids (cgroup.subtree_control).
#pragma once

#include <memory>
#include <string>

#include "emulator/cgroup/cgroup.hpp"
#include "emulator/cgroup/cgroup_files.hpp"

namespace coldframe {

// The directory must not exist yet; after an error it does not.
Result<std::unique_ptr<Cgroup>> make_cgroup_v2(CgroupFiles& files, const std::string& directory,
                                               const CgroupLimits& limits);

inline constexpr const char* k_most_cpu_weight = "10000";  // the kernel's maximum

}  // namespace coldframe
