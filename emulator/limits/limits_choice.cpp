#include "emulator/limits/limits_choice.hpp"

#include <unistd.h>

#include <chrono>
#include <thread>
#include <utility>

#include "emulator/cgroup/dead_runs.hpp"
#include "emulator/limits/limits_by_signal.hpp"
#include "emulator/limits/no_limits.hpp"
#include "emulator/process/usage.hpp"

namespace coldframe {
namespace {

const char* name_of(CgroupKind kind) {
  switch (kind) {
    case CgroupKind::v1:
      return "cgroup v1";
    case CgroupKind::hybrid:
      return "cgroup hybrid";
    case CgroupKind::v2:
      return "cgroup v2";
    case CgroupKind::none:
      break;
  }
  return "none";
}

// Why control groups cannot be used, with what helps.
std::string explain(const CgroupBackend& backend, std::string problem) {
  if (problem.starts_with("none: ")) problem.erase(0, 6);
  return problem + (backend.remedy.empty() ? "" : "; " + backend.remedy);
}

// A run that was killed a moment ago has helpers that are about to end; they are waited for, though
// not for long.
void sweep(const CgroupBackend& backend) {
  constexpr int k_tries = 25;
  for (int i = 0; i < k_tries && sweep_dead_runs(backend).remaining > 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
}

Result<ChosenLimits> use_cgroups(bool sweeps) {
  const CgroupBackend backend = detect_cgroups();
  if (backend.kind == CgroupKind::none) return unsupported(explain(backend, backend.summary));
  if (sweeps) sweep(backend);
  auto run = CgroupRun::start(backend);
  if (!run) return unsupported(explain(backend, run.error().message));
  ChosenLimits chosen;
  chosen.kind = LimitsKind::cgroup;
  chosen.name = name_of(backend.kind);
  chosen.run = std::move(*run);
  return chosen;
}

ChosenLimits use_signals() {
  ChosenLimits chosen;
  chosen.kind = LimitsKind::signal;
  chosen.name = "signal";
  return chosen;
}

// What the governor lives on.
bool signals_can_be_used() { return process_cpu(::getpid()) && resident_bytes(::getpid()); }

}  // namespace

void ChosenLimits::finish() {
  constexpr int k_tries = 100;
  for (int i = 0; run && i < k_tries && !run->remove(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  run.reset();
}

Result<ChosenLimits> choose_limits(LimitsKind wanted, bool sweeps) {
  if (wanted == LimitsKind::none) return ChosenLimits();
  std::string why;
  if (wanted != LimitsKind::signal) {
    auto chosen = use_cgroups(sweeps);
    if (chosen) return chosen;
    why = chosen.error().message;
    if (wanted == LimitsKind::cgroup) return unsupported("--limits cgroup: " + why);
  }
  if (signals_can_be_used()) {
    auto chosen = use_signals();
    chosen.why = why;
    return chosen;
  }
  const std::string no_proc = "/proc does not tell what processes use; mount it";
  if (wanted == LimitsKind::signal) return unsupported("--limits signal: " + no_proc);
  ChosenLimits none;
  none.why = why + "; " + no_proc;
  return none;
}

std::unique_ptr<LimitsBackend> make_limits(const ChosenLimits& chosen, LimitsHouse house,
                                           double cpu_scale) {
  if (chosen.kind == LimitsKind::cgroup) {
    return std::make_unique<LimitsByCgroup>(house, *chosen.run, chosen.name, cpu_scale);
  }
  if (chosen.kind == LimitsKind::signal) return std::make_unique<LimitsBySignal>(house, cpu_scale);
  return std::make_unique<NoLimits>();
}

}  // namespace coldframe
