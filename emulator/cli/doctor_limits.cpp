#include "emulator/cli/doctor_limits.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <cmath>
#include <cstdio>

#include "emulator/cgroup/cgroup_backend.hpp"
#include "emulator/cli/held_signals.hpp"
#include "emulator/limits/core_speed.hpp"
#include "emulator/limits/limits_choice.hpp"
#include "emulator/limits/limits_trial.hpp"
#include "emulator/limits/trial_verdict.hpp"

namespace coldframe::cli {
namespace {

constexpr int k_trial_mb = 128;

const char* explain(LimitsKind kind) {
  switch (kind) {
    case LimitsKind::cgroup:
      return "CPU share, memory and processes are limited by the kernel";
    case LimitsKind::signal:
      return "CPU share by SIGSTOP, memory by a watch: coarser";
    default:
      return "CPU share and memory are measured, not limited";
  }
}

void print_tick() {
  const double tick = to_ms(kernel_tick());
  if (tick <= 0) return;
  fmt::print("  kernel tick          {:.3g} ms ({:.0f} Hz){}\n", tick, 1000 / tick,
             kernel_tick() == k_lambda_tick
                 ? ", as on Lambda"
                 : "; Lambda's is 4 ms (250 Hz): short invokes are throttled otherwise");
}

// A second look is longer: what others take for a moment counts less then.
void print_trial(CgroupRun& run) {
  constexpr std::chrono::seconds k_longer{3};
  const Duration tick = kernel_tick();
  auto trial = try_limits(run, k_trial_mb);
  if (pending_signal() != 0) return;
  if (trial && !differences(*trial, tick).empty()) trial = try_limits(run, k_trial_mb, k_longer);
  if (pending_signal() != 0) return;
  if (!trial) {
    fmt::print("  self-check           FAILED: {}\n", trial.error().message);
    return;
  }
  const double error = trial->share / trial->wanted - 1;
  const auto found = differences(*trial, tick);
  fmt::print(
      "  self-check           a busy process of {} MB gets {:.4f} of a CPU, {:.4f} wanted "
      "({:+.1f} %), in bursts of {:.2f} ms with gaps of {:.1f} ms: {}\n",
      k_trial_mb, trial->share, trial->wanted, 100 * error, to_ms(trial->burst), to_ms(trial->gap),
      found.empty() ? "as on Lambda" : fmt::format("not as on Lambda: {}", fmt::join(found, ", ")));
  if (!found.empty()) {
    fmt::print("                       {}\n",
               error > 0.02 ? "the kernel does not hold the quota"
                            : "other load does that, or a limit of a group above: doctor on an "
                              "idle host tells which");
  }
}

}  // namespace

bool print_limits() {
  const CgroupBackend backend = detect_cgroups();
  constexpr bool k_sweeps = false;  // doctor looks
  auto chosen = choose_limits(LimitsKind::automatic, k_sweeps);
  std::puts("limits, as --limits auto takes them here:");
  if (!chosen) {
    fmt::print("  none                 {}\n", chosen.error().message);
    return false;
  }
  fmt::print("  {:<20} {}\n", chosen->name, explain(chosen->kind));
  if (!chosen->why.empty()) fmt::print("  why not better       {}\n", chosen->why);
  if (chosen->run && !backend.why_not_v2.empty()) {
    fmt::print("  why not cgroup v2    {}; {}\n", backend.why_not_v2, backend.remedy);
  }
  print_tick();
  if (chosen->run) print_trial(*chosen->run);
  return chosen->kind == LimitsKind::cgroup;
}

int calibrate() {
  const CoreSpeed speed = measure_core_speed();
  fmt::print(
      "one core of this host, in CPU time:\n"
      "  integer   {:.3f} ns a step, spread {:.1f} %\n"
      "  floating  {:.3f} ns a step, spread {:.1f} %\n",
      speed.integer.ns_per_step, 100 * speed.integer.spread, speed.floating.ns_per_step,
      100 * speed.floating.spread);
  std::puts(
      "--cpu-scale 1.0 (unknown: not compared with Lambda; there is no reference, and Lambda's "
      "cores\ndiffer among each other)\n"
      "For a better X, time something of your own that only computes, on Lambda at 1769 MB and\n"
      "here with --limits none: X is the time there divided by the time here.");
  return 0;
}

}  // namespace coldframe::cli
