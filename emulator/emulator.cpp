#include "emulator/emulator.hpp"

#include <boost/asio/post.hpp>
#include <csignal>

#include "emulator/base/user_cache.hpp"
#include "emulator/emulator_house.hpp"

namespace coldframe {

namespace {

std::string without_root_note(bool counts_files) {
  return std::string("sandbox: strict, but without root of this host: /tmp is in memory") +
         (counts_files ? " and counts as the function's" : "") +
         ", and files that are closed to others can be read (W4 is not seen)";
}

// For a run outside of the strict sandbox; `why` there is none.
Result<void> check_without_sandbox(const EmulatorOptions& options, const std::string& why) {
  std::string what;
  if (options.network && *options.network != NetworkMode::host) {
    what = std::string("--network ") + to_text(*options.network);
  }
  if (options.trace_denied) what = "--trace-denied";
  if (what.empty()) return {};
  what += " needs the strict sandbox";
  if (!why.empty()) return unsupported(what + ": " + why);
  return usage_error(what + "; give --sandbox strict");
}

}  // namespace

Emulator::Emulator(std::unique_ptr<House> house) : house_(std::move(house)) {}

Emulator::~Emulator() { stop(); }

Result<std::unique_ptr<Emulator>> Emulator::create(EmulatorOptions options) {
  ::signal(SIGPIPE, SIG_IGN);
  // If we inherited it ignored, exit codes would be lost. A handler of the program stays.
  struct sigaction child {};
  if (::sigaction(SIGCHLD, nullptr, &child) == 0 && child.sa_handler == SIG_IGN) {
    ::signal(SIGCHLD, SIG_DFL);
  }
  try {
    // Before any helper is forked: those are to be where we are.
    auto limits = choose_limits(options.limits);
    if (!limits) return limits.error();
    std::unique_ptr<SandboxServer> server;
    std::string note;
    std::string why_none;
    if (options.sandbox != SandboxChoice::none) {
      if (options.cache_directory.empty()) options.cache_directory = user_cache_directory();
      auto started = SandboxServer::start(options.cache_directory);
      if (started) {
        server = std::move(*started);
      } else if (options.sandbox == SandboxChoice::strict) {
        return started.error();
      } else {
        why_none = started.error().message;
        note = why_none + "; the function runs without it";
      }
    }
    auto network = server ? choose_network(options.network, find_way_out()) : NetworkInForce{};
    if (const auto ok = server ? Result<void>{} : check_without_sandbox(options, why_none);
        !ok || !network) {
      return ok ? network.error() : ok.error();
    }
    // Last: from here to the guard a signal would leave its file.
    auto registry = RunRegistry::open(options.state_directory);
    auto house =
        std::make_unique<House>(std::move(options), std::move(registry), std::move(*limits),
                                std::move(server), std::move(*network));
    house->sandbox_note =
        house->is_in_user_namespace() ? without_root_note(house->limits_count_files()) : note;
    return std::unique_ptr<Emulator>(new Emulator(std::move(house)));
  } catch (const std::exception& error) {
    return host_error("cannot start the emulator: " + std::string(error.what()));
  }
}

Result<void> Emulator::add(FunctionConfig config) {
  if (config.image && !house_->strict_sandbox) {
    const std::string why = house_->sandbox_note;
    return unsupported("'" + config.image->name +
                       "' is an image, and images run in the strict sandbox only" +
                       (why.empty() ? "; leave --sandbox none out" : ": " + why));
  }
  return house_->functions.add(std::move(config));
}

void Emulator::add_record_sink(RecordSink& sink) { house_->records.add(sink); }

Result<std::uint16_t> Emulator::serve(const std::string& host, std::uint16_t port) {
  auto api = std::make_unique<InvokeApi>(house_->io, house_->functions, house_->ids);
  auto bound = api->listen(host, port);
  if (!bound) return bound.error();
  house_->api = std::move(api);
  house_->functions.prewarm(house_->options.provisioned);
  return bound;
}

void Emulator::invoke(InvokeRequest request, InvokeDone done) {
  house_->functions.invoke(
      std::make_unique<Invocation>(Invocation{std::move(request), std::move(done)}));
}

bool Emulator::run_until(const std::function<bool()>& done) {
  auto keep = boost::asio::make_work_guard(house_->io);
  house_->io.restart();
  while (house_->interrupted == 0 && !done())
    house_->io.run_one();
  if (house_->interrupted != 0) return false;
  house_->flush();
  return true;
}

void Emulator::run() {
  auto keep = boost::asio::make_work_guard(house_->io);
  house_->io.restart();
  while (house_->interrupted == 0)
    house_->io.run();  // an interruption stops it
  house_->flush();
}

void Emulator::renew(FunctionConfig config) {
  house_->functions.renew(std::move(config), house_->api ? house_->options.provisioned : 0);
}

void Emulator::hold_while(const std::string& function, std::function<bool()> changing) {
  house_->functions.hold_while(function, std::move(changing));
}

void Emulator::resume(const std::string& function) { house_->functions.resume(function); }

void Emulator::watch_signals() {
  for (int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
    // nohup has a hangup ignored. A shell's background jobs ignore SIGINT, and are yet meant by it.
    struct sigaction before {};
    const bool ignored = ::sigaction(number, nullptr, &before) == 0 && before.sa_handler == SIG_IGN;
    if (number != SIGHUP || !ignored) house_->signals.add(number);
  }
  house_->await_signal();
}

void Emulator::interrupt(int signal_number) {
  if (house_->interrupted == 0) house_->interrupted = signal_number;
  house_->io.stop();
}

int Emulator::interrupted_by() const { return house_->interrupted; }

void Emulator::flush_log() { house_->err.flush_now(); }

void Emulator::log(std::string_view line) { house_->err.write(line); }

void Emulator::stop() {
  if (house_->stopped) return;
  house_->stopped = true;
  if (house_->api) house_->api->finish();
  bool ended = false;
  house_->functions.stop([&ended] { ended = true; });
  auto keep = boost::asio::make_work_guard(house_->io);
  house_->io.restart();
  while (!ended)
    house_->turn();
  // Replies that tell callers of the end are on their way; give them a turn.
  house_->settle();
  if (house_->api) house_->api->close();
  house_->finish_log();
  house_->signals.cancel();
  house_->signals.clear();
  house_->own_timers.shut_down();
  house_->settle();
}

std::unique_ptr<FdWriter> Emulator::make_writer(int fd) {
  auto writer = std::make_unique<FdWriter>(house_->own_timers, house_->own_clock, fd);
  house_->writers.push_back(writer.get());
  return writer;
}

boost::asio::io_context& Emulator::io() { return house_->io; }
const std::string& Emulator::state_file() const { return house_->registry.path(); }
std::string Emulator::limits_name() const { return std::string(house_->services.limits.name()); }
std::string Emulator::limits_why() const { return house_->chosen.why; }
double Emulator::cpu_scale() const { return house_->options.cpu_scale; }
std::string Emulator::sandbox_name() const { return std::string(house_->services.sandbox.name()); }

const std::string& Emulator::sandbox_note() const { return house_->sandbox_note; }

std::string Emulator::network_name() const { return to_text(house_->network.mode); }

std::string Emulator::network_note() const {
  const auto& network = house_->network;
  return network.mode == NetworkMode::open ? "through " + network.way_out.path : network.why_host;
}

bool Emulator::freezes() const { return house_->options.freeze; }

std::string Emulator::tmp_name() const {
  if (!house_->strict_sandbox) return "host";
  return house_->strict_sandbox->has_tmp_in_memory() ? "memory" : "disk";
}

bool Emulator::counts_tmp_as_memory() const {
  return tmp_name() == "memory" && house_->limits_count_files();
}

bool Emulator::was_cut_off() const {
  return house_->strict_sandbox && house_->strict_sandbox->findings().has_attempts();
}

bool Emulator::traces_denied() const {
  return house_->strict_sandbox && house_->options.trace_denied;
}

std::vector<std::string> Emulator::closing_notes(bool ended_well,
                                                 const std::set<std::string>& advised) const {
  if (!house_->strict_sandbox) return {};
  return house_->strict_sandbox->findings().notes(ended_well, advised);
}

void Emulator::on_sandbox_note(std::function<void(const std::string&)> listener) {
  if (house_->strict_sandbox) house_->strict_sandbox->findings().on_note(std::move(listener));
}

std::string Emulator::state_json() const { return house_->functions.state_json(); }

}  // namespace coldframe
