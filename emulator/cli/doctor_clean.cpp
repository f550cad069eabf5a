#include "emulator/cli/doctor_clean.hpp"

#include <fmt/format.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "emulator/base/error.hpp"
#include "emulator/base/user_cache.hpp"
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

// Of each hierarchy the groups in which a dead run has left its own: a run may have begun in
// another group than we are in (another session, another service), where no later start looks.
CgroupBackend with_parents_of_dead_runs(const CgroupBackend& backend) {
  namespace fs = std::filesystem;
  constexpr int k_most_groups = 100'000;
  CgroupBackend found = backend;
  found.hierarchies.clear();
  for (const CgroupHierarchy& hierarchy : backend.hierarchies) {
    std::error_code error;
    fs::recursive_directory_iterator at(hierarchy.mount_point,
                                        fs::directory_options::skip_permission_denied, error);
    for (int seen = 0; !error && at != fs::recursive_directory_iterator() && seen < k_most_groups;
         at.increment(error)) {
      if (!at->is_directory(error)) continue;
      ++seen;
      const RunOwner owner = owner_of(at->path().filename().string());
      if (owner != RunOwner::none) at.disable_recursion_pending();
      if (owner != RunOwner::dead || !may_remove(at->path())) continue;
      const std::string parent = at->path().parent_path().string();
      const bool known = std::any_of(found.hierarchies.begin(), found.hierarchies.end(),
                                     [&](const auto& one) { return one.own_group == parent; });
      if (known) continue;
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
    fmt::print("no control groups can be used here, so none can be left: {}\n", backend.summary);
    return true;
  }
  const CgroupBackend everywhere = with_parents_of_dead_runs(backend);
  constexpr int k_tries = 2000;
  DeadRuns all;
  for (int i = 0; i < k_tries; ++i) {
    const DeadRuns swept = sweep_dead_runs(everywhere);
    all.removed += swept.removed;
    all.killed += swept.killed;
    all.remaining = swept.remaining;
    if (swept.remaining == 0) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  fmt::print("removed {} control groups of dead runs, ended {} processes in them{}\n", all.removed,
             all.killed,
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
