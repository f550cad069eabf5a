// Which cgroup hierarchies this host shows, for people:
//
//   read_cgroups()         // "v2 at /sys/fs/cgroup (cpu memory pids), v1 with cpu memory"
//
// Empty where there are none. `root` is put before /sys and /proc, for tests. Any thread.
#pragma once

#include <string>

namespace coldframe {

std::string read_cgroups(const std::string& root = "");

}  // namespace coldframe
