#include "emulator/cli/doctor_clean.hpp"

#include <fmt/format.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <set>
#include <string>
#include <thread>

#include "emulator/base/error.hpp"
#include "emulator/base/user_cache.hpp"
#include "emulator/cgroup/cgroup_files.hpp"
#include "emulator/cgroup/dead_runs.hpp"
#include "emulator/cgroup/run_name.hpp"
#include "emulator/process/run_registry.hpp"
#include "emulator/sandbox/disk_template.hpp"

namespace coldframe::cli {
namespace {

void clean_processes() {
  RunRegistry registry = RunRegistry::open();
  registry.unlink();
  fmt::print("ended {} processes that dead runs had left\n", registry.swept());
}

// Whose group is not ours to remove would only be tried in vain.
bool may_remove(const std::filesystem::path& group) {
  struct stat info {};
  return ::geteuid() == 0 || (::stat(group.c_str(), &info) == 0 && info.st_uid == ::geteuid());
}

// The groups below this one that have one of a dead run directly in them. What goes meanwhile is
// passed over.
void add_parents_of_dead_runs(const std::string& group, int& left, std::set<std::string>& found) {
  for (const auto& name : groups_in(group)) {
    if (--left < 0) return;
    const std::string path = group + "/" + name;
    const RunOwner owner = owner_of(name);
    if (owner == RunOwner::none) {
      add_parents_of_dead_runs(path, left, found);
    } else if (owner == RunOwner::dead && may_remove(path)) {
      found.insert(group);
    }
  }
}

// A run may have begun in another group than we are in (another session, another service), where
// no later start looks.
CgroupBackend with_parents_of_dead_runs(const CgroupBackend& backend) {
  CgroupBackend found = backend;
  found.hierarchies.clear();
  for (const CgroupHierarchy& hierarchy : backend.hierarchies) {
    int most_groups = 100'000;
    std::set<std::string> parents;
    add_parents_of_dead_runs(hierarchy.mount_point, most_groups, parents);
    for (const auto& parent : parents) {
      found.hierarchies.push_back(hierarchy);
      found.hierarchies.back().own_group = parent;
    }
  }
  return found;
}

// False: somebody still is in one.
bool clean_groups() {
  const CgroupBackend backend = detect_cgroups();
  if (backend.kind == CgroupKind::none) {
    fmt::print("control groups {}; if another user's runs have left some, {} removes them\n",
               backend.summary, ::geteuid() == 0 ? "doctor --clean outside" : "sudo");
    return true;
  }
  const CgroupBackend everywhere = with_parents_of_dead_runs(backend);
  constexpr int k_tries = 2000;
  DeadRuns all;
  std::set<pid_t> ended;  // one may be in the groups of several hierarchies, and take a moment
  for (int i = 0; i < k_tries; ++i) {
    const DeadRuns swept = sweep_dead_runs(everywhere);
    all.removed += swept.removed;
    ended.insert(swept.killed.begin(), swept.killed.end());
    all.remaining = swept.remaining;
    if (swept.remaining == 0) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  fmt::print("removed {} control groups of dead runs, ended {} processes in them{}\n", all.removed,
             ended.size(),
             all.remaining > 0 ? fmt::format("; {} cannot be removed", all.remaining) : "");
  return all.remaining == 0;
}

void clean_disks() {
  const std::string cache = user_cache_directory();
  if (cache.empty()) return;
  fmt::print("removed {} unfinished disks of dead runs from {}\n",
             sweep_unfinished_templates(cache), cache);
}

}  // namespace

int clean() {
  clean_processes();
  const bool all_gone = clean_groups();
  clean_disks();
  return all_gone ? 0 : static_cast<int>(ExitCode::emulator_failed);
}

}  // namespace coldframe::cli
