// Which control groups can be used here, and why not better ones.
//
//   const CgroupBackend backend = detect_cgroups();
//   // kind v1, "v1"; "cgroup v2 is not mounted"; "boot with systemd.unified_cgroup_hierarchy=1"
//
// Looks only, makes nothing: whether the kernel then does what it should shows at the first use.
// Needed are the controllers cpu, memory and pids (v1 also cpuacct). Any thread.
#pragma once

#include <string>
#include <vector>

#include "emulator/cgroup/cgroup_files.hpp"
#include "emulator/cgroup/cgroup_mounts.hpp"

namespace coldframe {

enum class CgroupKind {
  none,    // no limits can be had by cgroups
  v1,      // limits; nothing can be frozen
  hybrid,  // limits by v1; freeze and kill by a v2 mount that has other controllers or none
  v2,
};

struct CgroupBackend {
  CgroupKind kind = CgroupKind::none;
  // "v2", "hybrid: limits v1, freeze and kill v2", "v1", "none: /sys/fs/cgroup is mounted read-only
  // …"
  std::string summary;
  // Why it is not v2, a sentence; empty if it is.
  std::string why_not_v2;
  // The one thing a user can do about it; empty if it is v2.
  std::string remedy;
  // Those that are used: v2 alone; or those of v1, and the v2 mount last.
  std::vector<CgroupHierarchy> hierarchies;

  // The hierarchy with that controller, or of that version; nullptr: none of those used.
  const CgroupHierarchy* of(std::string_view controller) const;
  const CgroupHierarchy* v2() const;
};

// `root` is put before every path, for tests; `files` answers whether directories may be changed.
CgroupBackend detect_cgroups(const std::string& root = "", CgroupFiles& files = kernel_files());

}  // namespace coldframe
