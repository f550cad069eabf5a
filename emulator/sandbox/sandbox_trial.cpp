#include "emulator/sandbox/sandbox_trial.hpp"

#include <utility>

#include "emulator/base/offload.hpp"
#include "emulator/sandbox/box.hpp"
#include "emulator/sandbox/sandbox_plan.hpp"

namespace coldframe {
namespace {

constexpr std::chrono::seconds k_patience{10};

struct Deaf final : TextSink {
  void write(std::string_view) override {}
};

// A function of this host's own programs.
SandboxPlan trial_plan() {
  FunctionConfig config;
  config.name = "doctor";
  config.task_root = "/usr";
  config.working_directory = "/usr";
  config.entry_point = {"/bin/sh"};
  return plan_sandbox(config, find_entry_point(config), NetworkMode::none);
}

}  // namespace

Result<SandboxTrial> try_sandbox(SandboxServer& server) {
  boost::asio::io_context io;
  Deaf log;
  SandboxTrial trial;
  std::string why;
  // Both may be used when we have given up.
  bool is_closed = false;
  Offload offload(io);
  {
    server.attach(io);
    const auto run_until = [&io](const bool& done) {
      const auto give_up = std::chrono::steady_clock::now() + k_patience;
      while (!done && std::chrono::steady_clock::now() < give_up) {
        io.restart();
        io.run_one_until(give_up);
      }
      return done;
    };
    const auto started = std::chrono::steady_clock::now();
    auto findings = std::make_shared<FunctionFindings>();
    auto box = std::make_shared<Box>(io, offload, log, server.requests(),
                                     std::make_shared<BoxObserver>(io, std::move(findings)));
    box->on_hole_note = [&](const std::string& note) { trial.hole_note = note; };
    bool is_ready = false;
    box->prepare(trial_plan(), {}, [&](const Result<std::vector<UniqueFd>>& ready) {
      is_ready = true;
      if (!ready) why = ready.error().message;
    });
    if (!run_until(is_ready)) why = "it was not ready after 10 s";
    trial.took = std::chrono::steady_clock::now() - started;
    trial.tmp_note = box->tmp_note();
    box->close([&] { is_closed = true; });
    run_until(is_closed);
    box.reset();
    server.detach();
  }
  io.restart();
  io.poll();  // the last words of those who are gone
  if (!why.empty()) return host_error(why);
  return trial;
}

}  // namespace coldframe
