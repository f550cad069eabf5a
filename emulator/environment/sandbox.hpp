// Where the processes of an environment live. "None" is a back-end like any other: the host's own
// file system and network, the Runtime API on a free loopback port.
//
//   auto place = sandbox.create(environment_id, config);
//   place->prepare(join_fds, [&](Result<std::vector<UniqueFd>> api) { … place->launch(spec,
//   events); }); place->close([] { /* nothing of it is left */ });
//
// An EnvironmentSandbox lives as long as its environment, over resets: files, network and addresses
// stay, processes come and go. I/O thread only; no call blocks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/base/error.hpp"
#include "emulator/base/unique_fd.hpp"
#include "emulator/model/function_config.hpp"
#include "emulator/process/runtime_process.hpp"

namespace coldframe {

class EnvironmentSandbox {
 public:
  virtual ~EnvironmentSandbox() = default;
  // Where the Runtime API is in a network of its own: "169.254.100.1:9001". Nothing: the
  // environment listens on the host's loopback.
  virtual std::optional<std::string> runtime_api() const { return std::nullopt; }
  // Calls `ready`, perhaps before it returns, when a process can be launched; with the sockets of
  // an own Runtime API whenever it has been made anew. Before every launch, and once more any time
  // ahead of it; of two that wait only the later is called. Not called after close() or
  // destruction. Error: exit code 4, nothing was started. Once more after a launch it is for one
  // more process beside that. `join_fds`: as in ProcessSpec, the same
  // each time; for a sandbox whose processes join their groups before they are launched.
  virtual void prepare(const std::vector<int>& join_fds,
                       std::function<void(Result<std::vector<UniqueFd>>)> ready) = 0;
  // The same ahead of a launch, and where whoever uses it asks is_current() first: the host need
  // not be looked at once more.
  virtual void prepare_ahead(const std::vector<int>& join_fds,
                             std::function<void(Result<std::vector<UniqueFd>>)> ready) {
    prepare(join_fds, std::move(ready));
  }
  // What prepare() was asked for is not wanted any more: its `ready` is not called.
  virtual void forget() {}
  // What prepare() gave cannot be used: everything is made anew for the next.
  virtual void discard() {}
  // Whether what was prepared long ago still shows what one prepared now would: no directory that
  // it is made of has been replaced since, and the function needs no others.
  virtual bool is_current() const { return true; }
  // How a path of the host is called by the processes.
  virtual std::string inside(const std::filesystem::path& path) const = 0;
  // How an executable of the function's extensions is called by the processes.
  virtual std::string inside_opt(const std::filesystem::path& path) const { return path.string(); }
  // Processes can get away from their group and then are known by a marker in their environment.
  virtual bool can_be_left() const { return false; }
  // `spec` speaks of paths as the processes see them. What it returns must not outlive this object.
  virtual std::unique_ptr<RuntimeProcess> launch(ProcessSpec spec, ProcessEvents& events) = 0;
  // Gives a TCP socket, not connected, of the network of the processes; perhaps before it returns.
  virtual void open_socket(std::function<void(Result<UniqueFd>)> done);
  // In /tmp, as far as it is this environment's own.
  virtual std::optional<std::int64_t> tmp_used_bytes() const { return std::nullopt; }
  // Calls `done`, perhaps before it returns, when nothing of it is left. The processes are gone.
  virtual void close(std::function<void()> done) = 0;
};

class Sandbox {
 public:
  virtual ~Sandbox() = default;
  virtual std::string_view name() const = 0;  // "none"; stands in every result
  // Preparing takes milliseconds, so that it is worth doing ahead of the invoke that needs it.
  virtual bool takes_time() const { return false; }
  // `config` outlives what is returned.
  virtual std::unique_ptr<EnvironmentSandbox> create(const std::string& environment_id,
                                                     const FunctionConfig& config) = 0;
};

class NoSandbox final : public Sandbox {
 public:
  explicit NoSandbox(ProcessLauncher& launcher) : launcher_(launcher) {}
  std::string_view name() const override { return "none"; }
  std::unique_ptr<EnvironmentSandbox> create(const std::string& environment_id,
                                             const FunctionConfig& config) override;

 private:
  ProcessLauncher& launcher_;
};

}  // namespace coldframe
