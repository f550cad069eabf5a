// How long an environment takes to start and to end, beside a bare fork and exec in the same run.
//
//   bench_environments --rounds 30                  # one JSON object of lists in microseconds
//
// Each round does, at least 100 ms apart and in an order that turns:
//   bare      fork, exec of first_breath
//   place     an environment of namespaces, mounts, user and seccomp alone: no network of its own,
//             no groups, /tmp in memory
//   demand    one with everything this host can give, from nothing
//   prepared  the same, made ahead: the time is that of the start alone
// and ends each environment when it has rested, idle and frozen. A time runs from the request to
// the first thing that the started program does, "forked-…" from the fork of the first process
// inside; "joining" is the part of `demand` that its process waited to be in its control groups.
// The runtime is first_breath, then instant_runtime; both stand beside this program. Exit 0; 2 on
// bad usage; 4 if something failed; 77 if there is no strict sandbox here.

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "bench_house.hpp"
#include "emulator/base/user_cache.hpp"
#include "emulator/limits/limits_choice.hpp"
#include "emulator/limits/no_limits.hpp"
#include "emulator/sandbox/choose_network.hpp"
#include "emulator/sandbox/strict_sandbox.hpp"

namespace coldframe::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto k_apart = 100ms;

double microseconds(Duration time) {
  return std::chrono::duration<double, std::micro>(time).count();
}

double since(TimePoint begin, std::int64_t breath) {
  return microseconds(TimePoint(Duration(breath)) - begin);
}

double bare_start(const std::string& program) {
  std::array<int, 2> out{};
  if (::pipe(out.data()) != 0) stop(4, "no pipe");
  std::string word = program;
  std::array<char*, 2> argv{word.data(), nullptr};
  const TimePoint begin = SystemClock().now();
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::dup2(out[1], STDOUT_FILENO);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  ::close(out[1]);
  std::array<char, 64> line{};
  const ssize_t size = ::read(out[0], line.data(), line.size() - 1);
  ::close(out[0]);
  int status = 0;
  ::waitpid(pid, &status, 0);
  BreathLog log;
  log.write({line.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))});
  if (!log.breath) stop(4, "cannot start " + program);
  return since(begin, *log.breath);
}

class Rounds {
 public:
  Rounds(BenchHouse& house, SandboxServer& server, const ChosenLimits& chosen,
         const NetworkInForce& network, FunctionConfig config)
      : house_(house),
        config_(std::move(config)),
        limits_(make_limits(
            chosen, {house.io, house.timers, house.clock, house.log, house.group_offload}, 1)),
        place_(house.io, house.offload, house.log, server,
               {.network = NetworkMode::host, .way_out = {}, .tmp_in_memory = true}),
        full_(house.io, house.offload, house.log, server,
              {.network = network.mode, .way_out = network.way_out}) {
    for (auto* sandbox : {&place_, &full_})
      sandbox->on_ready([this](const SandboxTimes& times) { latest_ = times; });
  }

  void run(int rounds) {
    one_round(0);  // templates and caches
    times_.clear();
    for (int round = 0; round < rounds; ++round)
      one_round(round);
  }
  const std::map<std::string, std::vector<double>>& times() const { return times_; }

 private:
  void one_round(int round) {
    for (int step = 0; step < 4; ++step) {
      house_.rest(k_apart);
      switch ((step + round) % 4) {
        case 0:
          times_["bare"].push_back(bare_start(config_.entry_point.front()));
          break;
        case 1:
          on_demand("place", no_limits_, place_);
          break;
        case 2:
          on_demand("demand", *limits_, full_);
          times_["joining"].push_back(microseconds(latest_.joining));
          break;
        default:
          prepared();
      }
    }
  }
  void on_demand(const std::string& name, LimitsBackend& limits, Sandbox& sandbox) {
    const TimePoint begin = house_.clock.now();
    BenchEnvironment environment(house_, limits, sandbox, config_);
    const std::int64_t breath = environment.start();
    times_[name].push_back(since(begin, breath));
    times_["forked-" + name].push_back(since(latest_.forked, breath));
    end(name, environment);
  }
  void prepared() {
    BenchEnvironment environment(house_, *limits_, full_, config_);
    environment.prepare();
    house_.rest(k_apart);
    const TimePoint begin = house_.clock.now();
    times_["prepared"].push_back(since(begin, environment.start()));
    end("prepared", environment);
  }
  void end(const std::string& name, BenchEnvironment& environment) {
    house_.rest(k_apart);
    times_["end-" + name].push_back(microseconds(environment.end()));
  }

  BenchHouse& house_;
  FunctionConfig config_;
  NoLimits no_limits_;
  std::unique_ptr<LimitsBackend> limits_;
  StrictSandbox place_;
  StrictSandbox full_;
  SandboxTimes latest_;
  std::map<std::string, std::vector<double>> times_;
};

int rounds_of(int count, char** words) {
  int rounds = 30;
  for (int i = 1; i < count; i += 2) {
    if (std::strcmp(words[i], "--rounds") != 0 || i + 1 == count) {
      stop(2, "usage: bench_environments [--rounds N]");
    }
    const char* end = words[i + 1] + std::strlen(words[i + 1]);
    const auto [at, error] = std::from_chars(words[i + 1], end, rounds);
    if (error != std::errc{} || at != end || rounds < 1 || rounds > 10'000) {
      stop(2, "--rounds needs a number from 1 to 10000");
    }
  }
  return rounds;
}

FunctionConfig runtime_beside_this_program() {
  const auto directory = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  FunctionConfig config;
  config.memory_mb = 1769;
  config.task_root = config.working_directory = directory;
  config.entry_point = {(directory / "first_breath").string()};
  config.command = {"./instant_runtime"};
  for (const char* program : {"first_breath", "instant_runtime"}) {
    if (::access((directory / program).c_str(), X_OK) != 0) {
      stop(4, (directory / program).string() + " is not there");
    }
  }
  return config;
}

int run(int count, char** words) {
  const int rounds = rounds_of(count, words);
  const FunctionConfig config = runtime_beside_this_program();
  auto chosen = choose_limits(LimitsKind::automatic);
  if (!chosen) stop(4, chosen.error().message);
  auto server = SandboxServer::start(user_cache_directory());
  if (!server) stop(static_cast<int>(server.error().code), server.error().message);
  const auto network = choose_network(std::nullopt, find_way_out());
  if (!network) stop(4, network.error().message);

  BenchHouse house;
  (*server)->attach(house.io);
  nlohmann::json out;
  {
    Rounds measured(house, **server, *chosen, *network, config);
    measured.run(rounds);
    out["us"] = measured.times();
  }
  (*server)->detach();
  out["limits"] = chosen->name;
  out["network"] = to_text(network->mode);
  out["user_namespace"] = (*server)->in_user_namespace();
  std::printf("%s\n", out.dump().c_str());
  return 0;
}

}  // namespace
}  // namespace coldframe::bench

int main(int count, char** words) {
  try {
    return coldframe::bench::run(count, words);
  } catch (const std::exception& error) {
    coldframe::bench::stop(4, error.what());
  }
}
