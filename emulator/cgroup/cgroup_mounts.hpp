// Where cgroups are: what /proc/self/mountinfo and /proc/self/cgroup say together.
//
//   for (auto& hierarchy : read_cgroup_mounts()) …
//   // v2 at /sys/fs/cgroup, our own group /sys/fs/cgroup/user.slice/…, "cpu memory pids"
//
// Knows co-mounted controllers, named v1 hierarchies, hybrid hosts, mounts that another mount
// hides, and cgroup namespaces whose mounts do not show the own group. `root` is put before every
// path, for tests. Pure but for reading; what cannot be read or understood is left out. Any thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace coldframe {

struct CgroupHierarchy {
  int version = 0;          // 1 or 2
  std::string mount_point;  // with `root` before it, as all paths here
  // The directory of the group that we are in; empty if no mount shows it.
  std::string own_group;
  // v1: those of the mount; v2: those that the own group can give to its children.
  std::vector<std::string> controllers;
  std::string name;        // of a v1 hierarchy without controllers: "systemd"
  bool read_only = false;  // the mount
  bool has(std::string_view controller) const;
};

// `read`: the text of a file, empty if there is none; for cgroup.controllers. One entry a
// hierarchy, by the mount that shows most of it: the own group, and writable.
std::vector<CgroupHierarchy> parse_cgroup_mounts(
    std::string_view mountinfo, std::string_view own_groups, const std::string& root,
    const std::function<std::string(const std::string& path)>& read);

std::vector<CgroupHierarchy> read_cgroup_mounts(const std::string& root = "");

// "a b  c\n" → a, b, c.
std::vector<std::string> split_words(std::string_view text, std::string_view separators = " \n");

}  // namespace coldframe
