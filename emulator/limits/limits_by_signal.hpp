// Limits without any privilege: SIGSTOP and SIGCONT for the CPU share, a watch on memory that
// kills. Coarser than control groups; signal_governor.hpp says how much. The phases are those of
// limits_by_cgroup.hpp; memory and CPU time are measured as without limits, `throttled` is the time
// that the process group was stopped.
//
//   LimitsBySignal backend(house, cpu_scale);
#pragma once

#include "emulator/limits/cpu_places.hpp"
#include "emulator/limits/limits_house.hpp"
#include "emulator/limits/signal_governor.hpp"

namespace coldframe {

class LimitsBySignal final : public LimitsBackend {
 public:
  LimitsBySignal(LimitsHouse house, double cpu_scale);
  std::string_view name() const override { return "signal"; }
  std::unique_ptr<EnvironmentLimits> create(const std::string&, const FunctionConfig& config,
                                            LimitsEvents& events) override;

 private:
  double cpu_scale_;
  CpuPlaces places_;
  OnceNotes notes_;
  SignalGovernor governor_;
};

}  // namespace coldframe
