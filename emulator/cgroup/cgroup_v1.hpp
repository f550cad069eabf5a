// The groups of one environment where the controllers are those of cgroup v1: a directory in each
// hierarchy, and one in a v2 mount without controllers, if there is such a mount, to freeze and
// kill.
//
//   auto group = make_cgroup_v1(kernel_files(), {.cpu = "/sys/fs/cgroup/cpu/x/a1b2", …}, limits);
//
// Co-mounted controllers have the same directory. A kernel without swap accounting (swapaccount=0)
// cannot forbid swap; that is noted.
#pragma once

#include <memory>
#include <string>

#include "emulator/cgroup/cgroup.hpp"
#include "emulator/cgroup/cgroup_files.hpp"

namespace coldframe {

struct V1Directories {
  std::string cpu, cpuacct, memory, pids;
  std::string unified;  // v2; empty: none
};

// The directories must not exist yet; after an error none does.
Result<std::unique_ptr<Cgroup>> make_cgroup_v1(CgroupFiles& files, const V1Directories& directories,
                                               const CgroupLimits& limits);

inline constexpr const char* k_most_cpu_shares = "262144";  // the kernel's maximum

}  // namespace coldframe
