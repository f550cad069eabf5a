// Nothing is limited; memory and CPU time are measured, those of the runtime's own process tree.
#pragma once

#include "emulator/limits/limits_backend.hpp"

namespace coldframe {

class NoLimits final : public LimitsBackend {
 public:
  std::string_view name() const override { return "none"; }
  std::unique_ptr<EnvironmentLimits> create(const std::string&, const FunctionConfig&,
                                            LimitsEvents&) override;
};

}  // namespace coldframe
