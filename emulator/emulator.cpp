#include "emulator/emulator.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <nlohmann/json.hpp>

#include "emulator/base/io_timers.hpp"
#include "emulator/base/offload.hpp"
#include "emulator/environment/execution_environment.hpp"
#include "emulator/invoke_api/invoke_api.hpp"
#include "emulator/pool/environment_pool.hpp"
#include "emulator/process/guard.hpp"
#include "emulator/process/host_launcher.hpp"
#include "emulator/process/run_registry.hpp"

namespace coldframe {
namespace {

constexpr auto k_retired_look = std::chrono::milliseconds(20);

class RecordFanout final : public RecordSink {
 public:
  void add(RecordSink& sink) { sinks_.push_back(&sink); }
  void remove(RecordSink& sink) { std::erase(sinks_, &sink); }
  void on_init(const InitRecord& record) override {
    for (auto* sink : sinks_)
      sink->on_init(record);
  }
  void on_invocation(const InvocationRecord& record) override {
    for (auto* sink : sinks_)
      sink->on_invocation(record);
  }
  bool wants_cpu() const override {
    return std::any_of(sinks_.begin(), sinks_.end(), [](auto* sink) { return sink->wants_cpu(); });
  }

 private:
  std::vector<RecordSink*> sinks_;
};

struct HostedFunction {
  HostedFunction(EnvironmentServices& services, FunctionConfig function_config, PoolOptions options)
      : config(std::move(function_config)), pool(services, config, options) {}
  bool is_busy() const {
    const auto& all = pool.environments();
    return pool.queued_events() > 0 || std::any_of(all.begin(), all.end(), [](const auto& one) {
             return one->has_invocation() || one->returning();
           });
  }
  FunctionConfig config;
  EnvironmentPool pool;
  bool ending = false;
};

}  // namespace

// Everything that lives as long as the emulator, in the order of its construction.
struct Emulator::House final : public FunctionDirectory {
  House(EmulatorOptions given, RunRegistry run_registry)
      : options(std::move(given)),
        registry(std::move(run_registry)),
        guard(registry),
        // One thread runs it, and others do no more than post to it: the reactor needs no locks.
        io(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO),
        signals(io),
        own_timers(io, own_clock),
        offload(io),
        err(own_timers, own_clock, STDERR_FILENO),
        own_launcher(io, offload, registry,
                     options.log != nullptr ? *options.log : static_cast<TextSink&>(err)),
        services{io,
                 options.clock != nullptr ? *options.clock : own_clock,
                 options.timers != nullptr ? *options.timers : own_timers,
                 ids,
                 options.launcher != nullptr ? *options.launcher : own_launcher,
                 limits,
                 sandbox,
                 records,
                 options.log != nullptr ? *options.log : static_cast<TextSink&>(err)} {}

  ~House() override {
    guard.dismiss();
    registry.unlink();  // the guard has, unless it was killed
  }

  const FunctionConfig* find(std::string_view name) const override {
    if (const auto* hosted = hosted_function(name)) return &hosted->config;
    return nullptr;
  }
  const FunctionConfig& any() const override {
    return functions.empty() ? no_function : functions.front()->config;
  }
  void invoke(InvocationPtr invocation) override {
    auto& request = invocation->request;
    if (request.request_id.empty()) request.request_id = ids.uuid();
    if (request.trace_id.empty()) request.trace_id = ids.trace_id();
    if (!request.payload) request.payload = make_payload("{}");
    HostedFunction* hosted = hosted_function(request.function);
    if (hosted == nullptr || request.type == InvocationType::dry_run) {
      return answer_unrun(*invocation,
                          hosted == nullptr ? Refusal::function_not_found : Refusal::none);
    }
    hosted->pool.submit(std::move(invocation));
  }
  [[gnu::cold]] static void answer_unrun(const Invocation& invocation, Refusal refusal) {
    InvokeResult result;
    result.refusal = refusal;
    result.request_id = invocation.request.request_id;
    result.trace_id = invocation.request.trace_id;
    result.payload = make_payload("");
    invocation.done(std::move(result));
  }
  bool takes_event(std::string_view name, std::size_t bytes) const override {
    const auto* hosted = hosted_function(name);
    return hosted != nullptr && hosted->pool.takes_event(bytes);
  }
  HostedFunction* hosted_function(std::string_view name) const {
    for (auto& hosted : functions) {
      if (hosted->config.name == name) return hosted.get();
    }
    // A single function answers to its own name and to `function`.
    return functions.size() == 1 && name == "function" ? functions.front().get() : nullptr;
  }
  // Ends renewed functions once nothing runs in them; looks again until that is so.
  void end_retired() {
    bool wait = false;
    for (auto& old : retired) {
      if (old->ending) continue;
      if (old->is_busy()) {
        wait = true;
        continue;
      }
      old->ending = true;
      auto* ended = old.get();
      old->pool.stop([this, ended] {
        boost::asio::post(io, [this, ended] {
          std::erase_if(retired, [&](const auto& one) { return one.get() == ended; });
        });
      });
    }
    if (wait) services.timers.at(services.clock.now() + k_retired_look, [this] { end_retired(); });
  }
  void flush() {
    err.flush_due();
    for (auto* writer : writers)
      writer->flush_due();
  }
  void await_signal() {
    signals.async_wait([this](const boost::system::error_code& error, int number) {
      if (error) return;
      if (interrupted != 0) ::_exit(128 + number);  // the guard ends what is left
      interrupted = number;
      await_signal();
    });
  }

  EmulatorOptions options;
  RunRegistry registry;
  Guard guard;
  boost::asio::io_context io;
  boost::asio::signal_set signals;
  SystemClock own_clock;
  IoTimers own_timers;
  IdSource ids;
  Offload offload;
  FdWriter err;
  HostLauncher own_launcher;
  NoLimits limits;
  NoSandbox sandbox;
  RecordFanout records;
  std::vector<FdWriter*> writers;
  EnvironmentServices services;
  FunctionConfig no_function;
  std::vector<std::unique_ptr<HostedFunction>> functions;
  std::vector<std::unique_ptr<HostedFunction>> retired;  // renewed, and still running something
  std::unique_ptr<InvokeApi> api;
  int interrupted = 0;
  bool stopped = false;
};

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
    auto registry = RunRegistry::open(options.state_directory);
    return std::unique_ptr<Emulator>(
        new Emulator(std::make_unique<House>(std::move(options), std::move(registry))));
  } catch (const std::exception& error) {
    return host_error("cannot start the emulator: " + std::string(error.what()));
  }
}

Result<void> Emulator::add(FunctionConfig config) {
  for (auto& hosted : house_->functions) {
    if (hosted->config.name == config.name) {
      return usage_error("two functions are called '" + config.name +
                         "'; give one another FunctionName");
    }
  }
  PoolOptions options{house_->options.concurrency, house_->options.idle_timeout,
                      house_->options.time_scale, house_->options.seed + house_->functions.size()};
  house_->functions.push_back(
      std::make_unique<HostedFunction>(house_->services, std::move(config), options));
  return {};
}

void Emulator::add_record_sink(RecordSink& sink) { house_->records.add(sink); }

Result<std::uint16_t> Emulator::serve(const std::string& host, std::uint16_t port) {
  auto api = std::make_unique<InvokeApi>(house_->io, *house_, house_->ids);
  auto bound = api->listen(host, port);
  if (!bound) return bound.error();
  house_->api = std::move(api);
  for (auto& hosted : house_->functions)
    hosted->pool.prewarm(house_->options.provisioned);
  return bound;
}

void Emulator::invoke(InvokeRequest request, InvokeDone done) {
  house_->invoke(std::make_unique<Invocation>(Invocation{std::move(request), std::move(done)}));
}

bool Emulator::run_until(const std::function<bool()>& done) {
  auto keep = boost::asio::make_work_guard(house_->io);
  house_->io.restart();
  while (house_->interrupted == 0 && !done()) {
    house_->flush();
    house_->io.run_one();
  }
  if (house_->interrupted != 0) return false;
  house_->flush();
  return true;
}

void Emulator::run() {
  run_until([] { return false; });
}

InvokeResult Emulator::invoke_and_wait(InvokeRequest request) {
  // Shared, because an interrupted wait leaves the invoke behind.
  auto answer = std::make_shared<std::optional<InvokeResult>>();
  invoke(std::move(request), [answer](InvokeResult&& result) { *answer = std::move(result); });
  if (!run_until([&] { return answer->has_value(); })) {
    InvokeResult stopped;
    stopped.refusal = Refusal::stopping;
    stopped.payload = make_payload("");
    return stopped;
  }
  return std::move(**answer);
}

Result<Observation> Emulator::observe(InvokeRequest request) {
  struct Watch final : RecordSink {
    std::string request_id;
    std::optional<InvocationRecord> record;
    std::vector<InitRecord> inits;
    void on_init(const InitRecord& r) override { inits.push_back(r); }
    void on_invocation(const InvocationRecord& r) override {
      if (r.request_id == request_id) record = r;
    }
  } watch;
  struct Seen {
    std::optional<InvokeResult> result;
    TimePoint at{};
  };
  if (request.request_id.empty()) request.request_id = house_->ids.uuid();
  watch.request_id = request.request_id;
  house_->records.add(watch);
  auto seen = std::make_shared<Seen>();
  const Clock& clock = house_->services.clock;
  const auto sent = clock.now();
  invoke(std::move(request), [seen, &clock](InvokeResult&& result) {
    seen->result = std::move(result);
    seen->at = clock.now();
  });
  const bool done = run_until(
      [&] { return seen->result && (watch.record || seen->result->refusal != Refusal::none); });
  house_->records.remove(watch);
  if (!done) {
    return Error{static_cast<ExitCode>(128 + house_->interrupted), "interrupted by a signal"};
  }
  Observation observation;
  observation.latency = seen->at - sent;
  observation.result = std::move(*seen->result);
  if (watch.record) observation.record = std::move(*watch.record);
  observation.inits = std::move(watch.inits);
  if (observation.result.refusal != Refusal::none) {
    const auto& reason = observation.result.refusal_reason;
    return host_error("the invoke did not reach the function" +
                      (reason.empty() ? std::string() : ": " + reason));
  }
  return observation;
}

Result<void> Emulator::recycle(const std::string& function) {
  auto* hosted = house_->hosted_function(function);
  if (hosted == nullptr) return {};
  auto done = std::make_shared<bool>(false);
  hosted->pool.recycle([done] { *done = true; });
  if (!run_until([&] { return *done; })) {
    return Error{static_cast<ExitCode>(128 + house_->interrupted), "interrupted by a signal"};
  }
  return {};
}

void Emulator::renew(FunctionConfig config) {
  for (std::size_t i = 0; i < house_->functions.size(); ++i) {
    auto& hosted = house_->functions[i];
    if (hosted->config.name != config.name) continue;
    PoolOptions options{house_->options.concurrency, house_->options.idle_timeout,
                        house_->options.time_scale, house_->options.seed + i};
    house_->retired.push_back(std::move(hosted));
    hosted = std::make_unique<HostedFunction>(house_->services, std::move(config), options);
    if (house_->api) hosted->pool.prewarm(house_->options.provisioned);
    house_->end_retired();
    return;
  }
}

void Emulator::watch_signals() {
  for (int number : {SIGINT, SIGTERM, SIGHUP})
    house_->signals.add(number);
  house_->await_signal();
}

void Emulator::interrupt(int signal_number) {
  if (house_->interrupted == 0) house_->interrupted = signal_number;
  boost::asio::post(house_->io, [] {});
}

int Emulator::interrupted_by() const { return house_->interrupted; }

void Emulator::stop() {
  if (house_->stopped) return;
  house_->stopped = true;
  if (house_->api) house_->api->finish();
  std::size_t left = house_->functions.size() + house_->retired.size();
  for (auto* list : {&house_->functions, &house_->retired}) {
    for (auto& hosted : *list) {
      hosted->ending = true;
      hosted->pool.stop([&left] { --left; });
    }
  }
  auto keep = boost::asio::make_work_guard(house_->io);
  house_->io.restart();
  while (left > 0) {
    house_->flush();
    house_->io.run_one();
  }
  // Replies that tell callers of the end are on their way; give them a turn.
  for (int turns = 0; turns < 1000 && house_->io.poll_one() > 0; ++turns) {
  }
  if (house_->api) house_->api->close();
  // What was logged is not lost to a slow reader; a (further) signal ends the patience.
  const int interrupted_before = house_->interrupted;
  house_->err.flush_now();
  while (!house_->err.idle() && house_->interrupted == interrupted_before) {
    house_->io.run_one();  // the writer's timer
  }
  house_->signals.cancel();
  house_->signals.clear();
  house_->own_timers.shut_down();
  for (int turns = 0; turns < 1000 && house_->io.poll_one() > 0; ++turns) {
  }
}

std::unique_ptr<FdWriter> Emulator::make_writer(int fd) {
  auto writer = std::make_unique<FdWriter>(house_->own_timers, house_->own_clock, fd);
  house_->writers.push_back(writer.get());
  return writer;
}

boost::asio::io_context& Emulator::io() { return house_->io; }
std::string Emulator::limits_name() const { return std::string(house_->limits.name()); }
std::string Emulator::sandbox_name() const { return std::string(house_->sandbox.name()); }

std::string Emulator::state_json() const {
  using Json = nlohmann::ordered_json;
  Json functions = Json::array();
  for (auto& hosted : house_->functions) {
    Json environments = Json::array();
    for (auto& environment : hosted->pool.environments()) {
      environments.push_back({{"id", environment->id()},
                              {"state", to_text(environment->state())},
                              {"pid", environment->pid()},
                              {"has_invoke", environment->has_invocation()}});
    }
    functions.push_back({{"name", hosted->config.name},
                         {"queued_events", hosted->pool.queued_events()},
                         {"environments", std::move(environments)}});
  }
  return Json{{"functions", std::move(functions)}}.dump(2);
}

}  // namespace coldframe
