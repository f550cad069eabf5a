// Which back-end a run uses: what was asked for, what this host can do, and why it is no better.
//
//   auto chosen = choose_limits(LimitsKind::automatic);     // before any helper is forked
//   auto backend = make_limits(*chosen, house, cpu_scale);  // chosen outlives the back-end
//
// With control groups the process is in one of its own from choose_limits() until the choice is
// destroyed, and unless somebody only looks, what dead runs have left is swept first. One choice a
// process at a time.
#pragma once

#include <memory>
#include <string>

#include "emulator/cgroup/cgroup_run.hpp"
#include "emulator/limits/limits_by_cgroup.hpp"
#include "emulator/limits/limits_kind.hpp"

namespace coldframe {

struct ChosenLimits {
  LimitsKind kind = LimitsKind::none;  // never automatic
  std::string name = "none";
  // Why nothing better was taken, and what helps; a sentence, empty if there is nothing better or
  // nothing else was asked for.
  std::string why;
  std::unique_ptr<CgroupRun> run{};

  // Gives the control groups back; bounded, for those that are just being left. Also done at the
  // end.
  void finish();
  ~ChosenLimits() { finish(); }
  ChosenLimits() = default;
  ChosenLimits(ChosenLimits&&) = default;
  ChosenLimits& operator=(ChosenLimits&&) = default;
};

// Error: exit code 77, the sentence says what helps (only `cgroup` and `signal` can fail).
Result<ChosenLimits> choose_limits(LimitsKind wanted, bool sweeps = true);

std::unique_ptr<LimitsBackend> make_limits(const ChosenLimits& chosen, LimitsHouse house,
                                           double cpu_scale);

}  // namespace coldframe
