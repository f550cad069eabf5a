// Where a runtime's process lives. "None" is a back-end like any other: the host's own file system
// and network, the Runtime API on a free loopback port.
#pragma once

#include <string>
#include <string_view>

#include "emulator/base/error.hpp"
#include "emulator/process/runtime_process.hpp"

namespace coldframe {

class Sandbox {
 public:
  virtual ~Sandbox() = default;
  virtual std::string_view name() const = 0;         // "none"; stands in every result
  virtual std::string runtime_api_host() const = 0;  // where the environment's listener binds
  // Turns the plain description of a process into what is really started.
  virtual ProcessSpec enter(ProcessSpec spec) const = 0;
};

class NoSandbox final : public Sandbox {
 public:
  std::string_view name() const override { return "none"; }
  std::string runtime_api_host() const override { return "127.0.0.1"; }
  ProcessSpec enter(ProcessSpec spec) const override { return spec; }
};

}  // namespace coldframe
