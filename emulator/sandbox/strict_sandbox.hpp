// The strict sandbox of `--sandbox strict`: own mounts, processes, network and user, as on Lambda.
//
//   auto server = SandboxServer::start(cache_directory);       // before threads
//   StrictSandbox sandbox(io, offload, log, **server, NetworkMode::none);
//
// A Sandbox back-end; I/O thread only. What is not possible on this host was refused by start().
#pragma once

#include <boost/asio/io_context.hpp>

#include "emulator/base/fd_writer.hpp"
#include "emulator/base/offload.hpp"
#include "emulator/environment/sandbox.hpp"
#include "emulator/sandbox/sandbox_server.hpp"

namespace coldframe {

class StrictSandbox final : public Sandbox {
 public:
  // All outlive it and what it creates.
  StrictSandbox(boost::asio::io_context& io, Offload& offload, TextSink& log, SandboxServer& server,
                NetworkMode network)
      : io_(io), offload_(offload), log_(log), server_(server), network_(network) {}
  std::string_view name() const override { return "strict"; }
  std::unique_ptr<EnvironmentSandbox> create(const std::string& environment_id,
                                             const FunctionConfig& config) override;

 private:
  boost::asio::io_context& io_;
  Offload& offload_;
  TextSink& log_;
  SandboxServer& server_;
  NetworkMode network_;
};

// Where the Runtime API is in a network of the environment's own (recorded on AWS).
inline constexpr const char* k_sandbox_runtime_api = "169.254.100.1:9001";

}  // namespace coldframe
