#include "emulator/cli/doctor_clean.hpp"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "emulator/base/error.hpp"
#include "emulator/base/user_cache.hpp"
#include "emulator/cgroup/dead_runs.hpp"
#include "emulator/process/run_registry.hpp"
#include "emulator/sandbox/disk_template.hpp"

namespace coldframe::cli {
namespace {

void clean_processes() {
  RunRegistry registry = RunRegistry::open();
  registry.unlink();
  fmt::print("ended {} processes that dead runs had left\n", registry.swept());
}

// False: somebody still is in one.
bool clean_groups() {
  const CgroupBackend backend = detect_cgroups();
  if (backend.kind == CgroupKind::none) {
    fmt::print("no control groups can be used here, so none can be left: {}\n", backend.summary);
    return true;
  }
  constexpr int k_tries = 2000;
  DeadRuns all;
  for (int i = 0; i < k_tries; ++i) {
    const DeadRuns swept = sweep_dead_runs(backend);
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
