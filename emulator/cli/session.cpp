#include "emulator/cli/session.hpp"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <set>
#include <thread>

#include "emulator/limits/cpu_places.hpp"
#include "emulator/sandbox/sandbox_plan.hpp"

namespace coldframe::cli {
namespace {

constexpr std::chrono::seconds k_patience_after_a_signal{1};

// The reason without its remedy, which is as long again, and the same at every run.
std::string in_short(const std::string& why, bool verbose) {
  const auto end = why.find("; ");
  return verbose || end == std::string::npos ? why : why.substr(0, end) + "; see coldframe doctor";
}

// Nobody should take figures without limits, or of coarse ones, for those of Lambda.
void tell_limits(const Emulator& emulator, LimitsKind wanted, bool verbose) {
  const std::string name = emulator.limits_name();
  const std::string why = emulator.limits_why().empty() ? "" : " (" + emulator.limits_why() + ")";
  const bool is_left_to_us = wanted == LimitsKind::automatic;
  if (is_left_to_us && name == "none") {
    note("CPU and memory are measured, not limited" + why);
  } else if (is_left_to_us && name == "signal") {
    note("limits: signal: CPU within some percent, memory some MB late (" +
         in_short(emulator.limits_why(), verbose) + ")");
  } else if (verbose) {
    note("limits: " + name + why);
  }
}

// Nor a sandbox that shares the host's network for one that does not.
void tell_network(Emulator& emulator, bool is_left_to_us, bool verbose) {
  const std::string name = emulator.network_name();
  const std::string about = emulator.network_note();
  if (is_left_to_us && name == "host" && emulator.sandbox_name() == "strict") {
    note("network: host: the function has this host's, without isolation (" +
         in_short(about, verbose) + ")");
  } else if (verbose) {
    emulator.log(note_line("network: " + name + (about.empty() ? "" : ", " + about)));
  }
}

// The sandbox shows a function as many CPUs as it sees on Lambda. Back-ends tell where this host
// has fewer, but that of no limits.
void tell_missing_cpus(const Emulator& emulator, const std::vector<FunctionConfig>& functions) {
  if (emulator.limits_name() != "none" || emulator.sandbox_name() != "strict") return;
  const CpuPlaces places(allowed_cpus());
  std::set<int> told;
  for (const auto& config : functions) {
    if (places.missing(config.memory_mb) == 0 || !told.insert(config.memory_mb).second) continue;
    note(missing_cpus_text(config.memory_mb, places));
  }
}

}  // namespace

Session::Session(std::unique_ptr<Emulator> emulator)
    : emulator_(std::move(emulator)), out_(emulator_->make_writer(STDOUT_FILENO)) {
  out_->on_broken([this](int error_number) {
    write_error_ = error_number;
    emulator_->interrupt(SIGPIPE);
  });
}

Result<std::unique_ptr<Session>> Session::start(EmulatorOptions options,
                                                std::vector<FunctionConfig> functions,
                                                bool verbose) {
  options.collect_orphans = ::getpid() == 1;
  const LimitsKind wanted = options.limits;
  const bool any_network = !options.network.has_value();
  auto emulator = Emulator::create(std::move(options));
  if (!emulator) return emulator.error();
  if (const auto& text = (*emulator)->sandbox_note(); !text.empty()) note(text);
  tell_missing_cpus(**emulator, functions);
  for (auto& config : functions) {
    if (auto added = (*emulator)->add(std::move(config)); !added) return added.error();
  }
  tell_limits(**emulator, wanted, verbose);
  (*emulator)->watch_signals();
  tell_network(**emulator, any_network, verbose);
  return std::unique_ptr<Session>(new Session(std::move(*emulator)));
}

int Session::finish(int code, std::optional<bool> ended_well,
                    const std::set<std::string>& advised) {
  // The reader may be slow; a signal ends the patience.
  out_->flush_now();
  emulator_->run_until([&] { return out_->idle() || out_->broken(); });
  // Not at once, though: half a result would be worse than none.
  const auto give_up = std::chrono::steady_clock::now() + k_patience_after_a_signal;
  while (!out_->idle() && !out_->broken() && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    out_->flush_now();
  }
  emulator_->stop();
  if (emulator_->interrupted_by() != 0) end_without_waiting_for_stderr();
  for (const auto& text : emulator_->closing_notes(ended_well.value_or(code == 0), advised))
    note(text);
  if (write_error_ != 0 && write_error_ != EPIPE) {
    return fail(
        host_error(std::string("cannot write to standard output: ") + std::strerror(write_error_)));
  }
  if (write_error_ == EPIPE) return 128 + SIGPIPE;
  return emulator_->interrupted_by() != 0 ? 128 + emulator_->interrupted_by() : code;
}

ResultHead result_head(const std::string& command, WallTime started, std::uint64_t seed,
                       const FunctionConfig& config, const Emulator& emulator,
                       const RunOptions& options) {
  ResultHead head;
  head.tool_version = COLDFRAME_VERSION;
  head.command = command;
  head.started = started;
  head.seed = seed;
  head.host = read_host();
  head.function.name = config.name;
  head.function.memory_mb = config.memory_mb;
  head.function.vcpu = config.memory_mb / 1769.0;
  head.function.timeout_s = config.timeout_s;
  if (config.image) head.function.image_digest = config.image->digest;
  head.function.limits = emulator.limits_name();
  head.function.cpu_scale = emulator.cpu_scale();
  head.function.sandbox = emulator.sandbox_name();
  head.function.network = emulator.network_name();
  head.function.freeze = emulator.freezes() ? "on" : "off";
  head.function.tmp = emulator.tmp_name();
  head.function.traced = emulator.traces_denied();
  head.function.requested = {{"limits", options.limits},
                             {"sandbox", options.sandbox},
                             {"network", options.network},
                             {"freeze", options.freeze}};
  return head;
}

Circumstances circumstances(const FunctionConfig& config, const Emulator& emulator) {
  Circumstances in;
  in.sandbox = emulator.sandbox_name();
  in.network = emulator.network_name();
  in.tmp_mb = config.tmp_mb;
  in.memory_mb = config.memory_mb;
  in.task_root = config.task_root.string();
  in.handler = find_handler(config);
  if (!config.entry_point.empty()) in.program = config.entry_point.front();
  in.has_variable = [](const std::string& name) { return std::getenv(name.c_str()) != nullptr; };
  in.has_descriptor_files = in.sandbox == "strict" || ::access("/dev/fd", F_OK) == 0;
  if (in.sandbox == "strict" && !config.image) {
    in.is_on_host_only = [plan = plan_sandbox(config, find_entry_point(config), NetworkMode::none)](
                             const std::string& path) {
      std::error_code none;
      return !plan.shows(path) && std::filesystem::exists(path, none);
    };
  }
  return in;
}

}  // namespace coldframe::cli
