// Limits by the kernel's control groups: one group for each environment, made with it and removed
// with it, used by all its generations.
//
//   LimitsByCgroup backend({io, timers, clock, log}, *run, "cgroup v2", cpu_scale);
//
// CPU: unlimited until the first init is done, then the quota of the memory size, written once (a
// rewrite would forgive debts); a first init that failed gets it before its repetition, as Lambda
// gives that no boost. Memory: anonymous, shared and mapped from files, looked at when an init and
// an invoke end, before a kill, and every 50 ms meanwhile; and the runtime's own high-water mark,
// in which pages of libraries count that other groups are charged for. Missed is what processes
// other than the runtime allocate and free again between two looks, and at the end of an invoke
// within 2 ms of the last look. After an OOM kill the peak is the memory size.
//
// To make or remove a group takes the kernel as long as some invokes take: the house's helper does
// it, but for the group of a start that waits for it. What is read for every invoke stays open,
// seven descriptors an environment.
#pragma once

#include "emulator/cgroup/cgroup_run.hpp"
#include "emulator/limits/cpu_places.hpp"
#include "emulator/limits/limits_house.hpp"

namespace coldframe {

class LimitsByCgroup final : public LimitsBackend {
 public:
  // `run` outlives this and what it creates. `name`: "cgroup v1", …
  LimitsByCgroup(LimitsHouse house, CgroupRun& run, std::string name, double cpu_scale);
  std::string_view name() const override { return name_; }
  std::unique_ptr<EnvironmentLimits> create(const std::string& environment_id,
                                            const FunctionConfig& config,
                                            LimitsEvents& events) override;
  // What a group could not be given, or a host lacks.
  void note_once(const std::string& sentence) { notes_.note(sentence); }

 private:
  LimitsHouse house_;
  CgroupRun& run_;
  std::string name_;
  double cpu_scale_;
  CpuPlaces places_;
  OnceNotes notes_;
};

}  // namespace coldframe
