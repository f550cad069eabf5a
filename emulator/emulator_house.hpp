// What an Emulator is made of; for the files that implement it alone.
#pragma once

#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "emulator/base/io_timers.hpp"
#include "emulator/base/offload.hpp"
#include "emulator/emulator.hpp"
#include "emulator/environment/execution_environment.hpp"
#include "emulator/hosted_functions.hpp"
#include "emulator/invoke_api/invoke_api.hpp"
#include "emulator/limits/limits_choice.hpp"
#include "emulator/process/guard.hpp"
#include "emulator/process/host_launcher.hpp"
#include "emulator/process/orphans.hpp"
#include "emulator/process/run_registry.hpp"
#include "emulator/record_fanout.hpp"
#include "emulator/sandbox/choose_network.hpp"
#include "emulator/sandbox/strict_sandbox.hpp"

namespace coldframe {

// Everything that lives as long as the emulator, in the order of its construction.
struct Emulator::House {
  House(EmulatorOptions given, RunRegistry run_registry, ChosenLimits chosen_limits,
        std::unique_ptr<SandboxServer> sandbox_server, NetworkInForce network_in_force)
      : options(std::move(given)),
        network(std::move(network_in_force)),
        chosen(std::move(chosen_limits)),
        server(std::move(sandbox_server)),
        registry(std::move(run_registry)),
        guard(registry),
        orphans(options.collect_orphans),
        // One thread runs it, and others do no more than post to it: the reactor needs no locks.
        io(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO),
        signals(io),
        own_timers(io, own_clock),
        offload(io),
        group_offload(io),
        err(own_timers, own_clock, STDERR_FILENO),
        own_launcher(io, offload, registry, orphans,
                     options.log != nullptr ? *options.log : static_cast<TextSink&>(err)),
        limits(make_limits(
            chosen,
            {io, options.timers != nullptr ? *options.timers : own_timers,
             options.clock != nullptr ? *options.clock : own_clock,
             options.log != nullptr ? *options.log : static_cast<TextSink&>(err), group_offload},
            options.cpu_scale)),
        freezing{options.freeze, [this](const std::string& line) { services.log.write(line); }, {}},
        no_sandbox(options.launcher != nullptr ? *options.launcher : own_launcher),
        services{io,
                 options.clock != nullptr ? *options.clock : own_clock,
                 options.timers != nullptr ? *options.timers : own_timers,
                 ids,
                 *limits,
                 freezing,
                 choose_sandbox(),
                 records,
                 options.log != nullptr ? *options.log : static_cast<TextSink&>(err)},
        functions(services, pool_options(options)) {
    orphans.claim(guard.pid());
    if (server) orphans.claim(server->pid());
    if (orphans.adopt()) collect_orphans();
  }
  House(const House&) = delete;
  House& operator=(const House&) = delete;

  ~House() {
    if (server) server->detach();
    guard.dismiss();
    registry.unlink();  // the guard has, unless it was killed
  }

  static PoolOptions pool_options(const EmulatorOptions& given) {
    return {given.concurrency, given.idle_timeout,  given.time_scale,
            given.seed,        given.queued_events, given.prepare_ahead};
  }
  Sandbox& choose_sandbox() {
    if (!server) return no_sandbox;
    server->attach(io);
    strict_sandbox.emplace(
        io, offload, options.log != nullptr ? *options.log : static_cast<TextSink&>(err), *server,
        StrictOptions{.network = network.mode,
                      .way_out = network.way_out,
                      .trace_denied = options.trace_denied,
                      .tmp_counts_as_memory = limits_count_files()});
    return *strict_sandbox;
  }
  bool is_in_user_namespace() const { return server && server->in_user_namespace(); }
  // Files in memory, as those of a /tmp that is.
  bool limits_count_files() const { return chosen.kind == LimitsKind::cgroup; }
  // Runs one handler, also after an interruption.
  void turn() {
    if (io.stopped()) io.restart();
    io.run_one();
  }
  // Runs what is ready.
  void settle() {
    for (int turns = 0; turns < 1000; ++turns) {
      if (io.stopped()) io.restart();  // a signal has stopped it
      if (io.poll_one() == 0 && !io.stopped()) return;
    }
  }
  void flush() {
    err.flush_due();
    for (auto* writer : writers)
      writer->flush_due();
  }
  // What was logged is not lost to a slow reader, and a reader who has stopped does not keep a
  // program that was told to end; another signal ends it at once.
  void finish_log() {
    constexpr std::chrono::seconds k_patience_after_a_signal{1};
    std::optional<TimePoint> give_up;
    err.flush_now();
    while (!err.idle()) {
      if (interrupted != 0 && !give_up) give_up = own_clock.now() + k_patience_after_a_signal;
      if (give_up && own_clock.now() >= *give_up) return;
      turn();  // the writer's timer
    }
  }
  void collect_orphans() {
    const pid_t guard_pid = guard.pid();
    if (guard.collect()) orphans.release(guard_pid);
    orphans.collect();
    own_timers.at(own_clock.now() + std::chrono::seconds(1), [this] { collect_orphans(); });
  }
  void await_signal() {
    signals.async_wait([this](const boost::system::error_code& error, int number) {
      if (error) return;
      if (interrupted != 0) ::_exit(128 + number);  // the guard ends what is left
      interrupted = number;
      io.stop();
      await_signal();
    });
  }

  EmulatorOptions options;
  NetworkInForce network;
  std::string sandbox_note;
  ChosenLimits chosen;  // gives its groups back last: the guard and the server are in one of them
  std::unique_ptr<SandboxServer> server;  // none: no strict sandbox
  RunRegistry registry;
  Guard guard;
  Orphans orphans;
  boost::asio::io_context io;
  boost::asio::signal_set signals;
  SystemClock own_clock;
  IoTimers own_timers;
  IdSource ids;
  Offload offload;
  Offload group_offload;  // its jobs do not wait for those that take 50 ms
  FdWriter err;
  HostLauncher own_launcher;
  std::unique_ptr<LimitsBackend> limits;
  Freezing freezing;
  NoSandbox no_sandbox;
  std::optional<StrictSandbox> strict_sandbox;
  RecordFanout records;
  std::vector<FdWriter*> writers;
  EnvironmentServices services;
  HostedFunctions functions;
  std::unique_ptr<InvokeApi> api;
  int interrupted = 0;
  bool stopped = false;
};

}  // namespace coldframe
