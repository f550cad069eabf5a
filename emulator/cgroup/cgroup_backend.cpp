#include "emulator/cgroup/cgroup_backend.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "emulator/base/first_line.hpp"

namespace coldframe {
namespace {

// Why something cannot be used and what helps; no reason: it can.
struct Hindrance {
  std::string reason;
  std::string remedy;
};

std::string joined(const std::vector<std::string>& words, const char* between = ", ") {
  std::string out;
  for (const auto& word : words)
    out += (out.empty() ? "" : between) + word;
  return out;
}

std::string delegated_scope() {
  return std::string("start it with ") + (::geteuid() == 0 ? "systemd-run" : "systemd-run --user") +
         " --scope -p Delegate=yes coldframe …";
}

constexpr const char* k_container_remedy =
    "start the container with --privileged, or with --cgroupns=host and "
    "-v /sys/fs/cgroup:/sys/fs/cgroup:rw";

// How controllers come to v2.
std::string v2_only_remedy(const std::string& root) {
  if (first_line(root + "/proc/sys/kernel/osrelease").find("microsoft") != std::string::npos) {
    return "put kernelCommandLine=cgroup_no_v1=all into [wsl2] of .wslconfig, then wsl --shutdown "
           "(both in Windows)";
  }
  return "boot with systemd.unified_cgroup_hierarchy=1 cgroup_no_v1=all";
}

// What is the same for both versions.
Hindrance basic_hindrance(const CgroupHierarchy& hierarchy, CgroupFiles& files) {
  if (hierarchy.read_only) {
    return {hierarchy.mount_point + " is mounted read-only (a container without --privileged?)",
            k_container_remedy};
  }
  if (hierarchy.own_group.empty()) {
    return {hierarchy.mount_point + " does not show the group that we are in (a cgroup namespace)",
            k_container_remedy};
  }
  const int error_number = files.may_change(hierarchy.own_group);
  if (error_number == EROFS) {
    return {hierarchy.own_group + " is read-only (a container without --privileged?)",
            k_container_remedy};
  }
  if (error_number != 0) {
    return {"no group can be made in " + hierarchy.own_group + ": " + std::strerror(error_number),
            ::geteuid() == 0         ? k_container_remedy
            : hierarchy.version == 2 ? delegated_scope()
                                     : "run it as root (sudo)"};
  }
  return {};
}

std::vector<std::string> missing_in(const CgroupHierarchy& hierarchy) {
  std::vector<std::string> missing;
  for (const char* name : {"cpu", "memory", "pids"}) {
    if (!hierarchy.has(name)) missing.emplace_back(name);
  }
  return missing;
}

// A group that gives controllers to its children may have no processes of its own, except the root.
Hindrance others_in(const CgroupHierarchy& v2) {
  const auto given = split_words(read_text(v2.own_group + "/cgroup.subtree_control").value_or(""));
  const auto is_given = [&](const char* name) {
    return std::find(given.begin(), given.end(), name) != given.end();
  };
  if (is_given("cpu") && is_given("memory") && is_given("pids")) return {};
  if (!read_text(v2.own_group + "/cgroup.type")) return {};  // only the root has none
  std::vector<std::string> others;
  for (const auto& pid : split_words(read_text(v2.own_group + "/cgroup.procs").value_or(""))) {
    if (pid != std::to_string(::getpid())) others.push_back(pid);
  }
  if (others.empty()) return {};
  if (others.size() > 5) others.resize(5);
  return {"the group " + v2.own_group + " holds other processes too (" + joined(others) +
              "), so it cannot give its controllers to groups below it",
          delegated_scope()};
}

Hindrance v2_hindrance(const std::vector<CgroupHierarchy>& all, CgroupFiles& files,
                       const std::string& root) {
  const auto found =
      std::find_if(all.begin(), all.end(), [](const CgroupHierarchy& h) { return h.version == 2; });
  if (found == all.end()) return {"cgroup v2 is not mounted", v2_only_remedy(root)};
  if (auto hindrance = basic_hindrance(*found, files); !hindrance.reason.empty()) return hindrance;
  if (const auto missing = missing_in(*found); !missing.empty()) {
    const bool at_v1 = std::any_of(all.begin(), all.end(), [&](const CgroupHierarchy& h) {
      return h.version == 1 && h.has(missing.front());
    });
    if (at_v1) {
      return {"the cgroup v2 mount lacks " + joined(missing) + ", which belong to cgroup v1",
              v2_only_remedy(root)};
    }
    const auto& has = found->controllers;
    return {"the group " + found->own_group + " was given " +
                (has.empty() ? "no controllers" : "only " + joined(has)) + " and lacks " +
                joined(missing),
            ::geteuid() == 0
                ? delegated_scope()
                : "let root put \"[Service]\" and \"Delegate=cpu cpuset io memory pids\" into "
                  "/etc/systemd/system/user@.service.d/delegate.conf, log in again, and " +
                      delegated_scope()};
  }
  return others_in(*found);
}

Hindrance v1_hindrance(const std::vector<CgroupHierarchy>& all, CgroupFiles& files,
                       std::vector<CgroupHierarchy>& used) {
  std::vector<std::string> missing;
  Hindrance first;
  for (const char* name : {"cpu", "cpuacct", "memory", "pids"}) {
    const auto found = std::find_if(all.begin(), all.end(), [&](const CgroupHierarchy& h) {
      return h.version == 1 && h.has(name);
    });
    if (found == all.end()) {
      missing.emplace_back(name);
      continue;
    }
    if (first.reason.empty()) first = basic_hindrance(*found, files);
    const auto same = [&](const CgroupHierarchy& h) { return h.mount_point == found->mount_point; };
    if (std::none_of(used.begin(), used.end(), same)) used.push_back(*found);
  }
  if (!missing.empty()) {
    return {"cgroup v1 has no " + joined(missing, " and no "),
            "boot with these controllers, or with cgroup v2 alone"};
  }
  return first;
}

}  // namespace

const CgroupHierarchy* CgroupBackend::of(std::string_view controller) const {
  const auto found =
      std::find_if(hierarchies.begin(), hierarchies.end(), [&](const CgroupHierarchy& h) {
        return h.has(controller) && (h.version == 1) == (kind != CgroupKind::v2);
      });
  return found == hierarchies.end() ? nullptr : &*found;
}

const CgroupHierarchy* CgroupBackend::v2() const {
  const auto found = std::find_if(hierarchies.begin(), hierarchies.end(),
                                  [](const CgroupHierarchy& h) { return h.version == 2; });
  return found == hierarchies.end() ? nullptr : &*found;
}

CgroupBackend detect_cgroups(const std::string& root, CgroupFiles& files) {
  const auto all = read_cgroup_mounts(root);
  CgroupBackend backend;
  const Hindrance not_v2 = v2_hindrance(all, files, root);
  const auto v2 =
      std::find_if(all.begin(), all.end(), [](const CgroupHierarchy& h) { return h.version == 2; });
  if (not_v2.reason.empty()) {
    backend.kind = CgroupKind::v2;
    backend.summary = "v2";
    backend.hierarchies = {*v2};
    return backend;
  }
  backend.why_not_v2 = not_v2.reason;
  backend.remedy = not_v2.remedy;

  std::vector<CgroupHierarchy> v1;
  const Hindrance not_v1 = v1_hindrance(all, files, v1);
  if (not_v1.reason.empty()) {
    backend.kind = CgroupKind::v1;
    backend.summary = "v1";
    backend.hierarchies = std::move(v1);
    if (v2 != all.end() && basic_hindrance(*v2, files).reason.empty()) {
      backend.kind = CgroupKind::hybrid;
      backend.summary = "hybrid: limits v1, freeze and kill v2";
      backend.hierarchies.push_back(*v2);
    }
    return backend;
  }
  if (all.empty()) {
    backend.summary = "none: no cgroups are mounted";
    backend.remedy = "mount cgroup v2 at /sys/fs/cgroup";
  } else if (v1.empty()) {
    backend.summary = "none: " + not_v2.reason;
  } else {
    backend.summary = "none: " + not_v1.reason;
    backend.remedy = not_v1.remedy;
  }
  return backend;
}

}  // namespace coldframe
