// The strict sandbox of `--sandbox strict`: own mounts, processes, network and user, as on Lambda.
//
//   auto server = SandboxServer::start(cache_directory);       // before threads
//   StrictSandbox sandbox(io, offload, log, **server, {NetworkMode::none});
//
// A Sandbox back-end; I/O thread only. What is not possible on this host was refused by start().
#pragma once

#include <boost/asio/io_context.hpp>

#include "emulator/base/fd_writer.hpp"
#include "emulator/base/offload.hpp"
#include "emulator/environment/sandbox.hpp"
#include "emulator/sandbox/kept_plans.hpp"
#include "emulator/sandbox/sandbox_findings.hpp"
#include "emulator/sandbox/sandbox_server.hpp"
#include "emulator/sandbox/way_out.hpp"

namespace coldframe {

class Box;

// What making the place of an environment took.
struct SandboxTimes {
  TimePoint forked{};  // when its first process was about to be
  Duration joining{};  // how long the process that is to become the runtime waited for its groups
};

struct StrictOptions {
  NetworkMode network = NetworkMode::none;
  WayOutProgram way_out;              // of an open network
  bool trace_denied = false;          // slows down what a function opens, makes and connects to
  bool tmp_in_memory = false;         // as where there are no loop devices
  bool tmp_counts_as_memory = false;  // of the function, where it is in memory
};

class StrictSandbox final : public Sandbox {
 public:
  // All outlive it and what it creates.
  StrictSandbox(boost::asio::io_context& io, Offload& offload, TextSink& log, SandboxServer& server,
                StrictOptions options);
  std::string_view name() const override { return "strict"; }
  bool takes_time() const override { return true; }
  std::unique_ptr<EnvironmentSandbox> create(const std::string& environment_id,
                                             const FunctionConfig& config) override;
  // Of environments so far; before the first, what is to be expected.
  bool has_tmp_in_memory() const { return tmp_in_memory_; }
  // What was seen of the functions so far.
  SandboxFindings& findings() { return findings_; }
  // Hears of each process that is ready to become a runtime.
  void on_ready(std::function<void(const SandboxTimes&)> listener) { ready_ = std::move(listener); }

 private:
  std::shared_ptr<Box> make_box(const std::string& function);

  boost::asio::io_context& io_;
  Offload& offload_;
  TextSink& log_;
  SandboxServer& server_;
  StrictOptions options_;
  KeptPlans plans_;
  bool tmp_in_memory_;
  SandboxFindings findings_;
  std::function<void(const SandboxTimes&)> ready_;
};

// Where the Runtime API is in a network of the environment's own (recorded on AWS).
inline constexpr const char* k_sandbox_runtime_api = "169.254.100.1:9001";

}  // namespace coldframe
