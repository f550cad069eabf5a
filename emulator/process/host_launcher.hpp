// ProcessLauncher for real children on this host: own session, pipes for output and framed logs,
// registered with the guard before anything can go wrong.
#pragma once

#include <boost/asio/io_context.hpp>

#include "emulator/base/fd_writer.hpp"
#include "emulator/base/offload.hpp"
#include "emulator/process/orphans.hpp"
#include "emulator/process/run_registry.hpp"
#include "emulator/process/runtime_process.hpp"

namespace coldframe {

class HostLauncher final : public ProcessLauncher {
 public:
  // `log`: where warnings go; while it is congested, no output of a process is read. All outlive
  // the launcher and what it launched.
  HostLauncher(boost::asio::io_context& io, Offload& offload, RunRegistry& registry,
               Orphans& orphans, TextSink& log)
      : io_(io), offload_(offload), registry_(registry), orphans_(orphans), log_(log) {}
  std::unique_ptr<RuntimeProcess> launch(ProcessSpec spec, ProcessEvents& events) override;

 private:
  boost::asio::io_context& io_;
  Offload& offload_;
  RunRegistry& registry_;
  Orphans& orphans_;
  TextSink& log_;
};

// Number of the descriptor that carries framed logs in the child (seen on AWS: 62).
inline constexpr int k_log_fd_number = 62;

}  // namespace coldframe
