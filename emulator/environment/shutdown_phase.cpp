// The end of a process, and of an environment.
#include <boost/asio/post.hpp>
#include <utility>

#include "emulator/environment/execution_environment.hpp"

namespace coldframe {

ExecutionEnvironment::ExecutionEnvironment(EnvironmentServices& services,
                                           const FunctionConfig& config, EnvironmentOwner& owner)
    : services_(services),
      config_(config),
      owner_(owner),
      id_(services.ids.hex(32)),
      arn_(config.arn()),
      log_(services.log, config),
      limits_(services.limits.create(id_, config, static_cast<LimitsEvents&>(*this))),
      freezer_(services.timers, services.clock, services.freezing, config.name, *limits_),
      api_(services.io, *this),
      sandbox_(services.sandbox.create(id_, config)),
      function_timer_(services.timers, [this] { on_function_timeout(); }) {
  record_.function = config.name;
  record_.environment_id = id_;
  record_.memory_size_mb = config.memory_mb;
}

// The invoke ends here without having been the function's.
void ExecutionEnvironment::refuse_caller(Refusal refusal) {
  api_.release();
  function_timer_.clear();
  const auto invocation = std::exchange(invocation_, nullptr);
  held_ = false;
  if (!invocation->done) return;
  if (invocation->request.type == InvocationType::event) {
    services_.log.write("coldframe: the Event invoke " + invocation->request.request_id + " of '" +
                        config_.name + "' was cut off by the end\n");
  }
  InvokeResult result;
  result.refusal = refusal;
  result.request_id = invocation->request.request_id;
  result.trace_id = std::move(invocation->request.trace_id);
  result.payload = make_payload("");
  invocation->done(std::move(result));
}

ExecutionEnvironment::~ExecutionEnvironment() {
  services_.timers.cancel(init_timer_);
  services_.timers.cancel(exit_timer_);
}

Result<void> ExecutionEnvironment::open() {
  if (auto ok = listen_on_loopback(); !ok) return ok;
  auto opened = limits_->open();
  open_ = bool(opened);
  return opened;
}

// Kills the process group and whatever escaped from it; the environment lives on, cold again.
void ExecutionEnvironment::reset(ShutdownReason reason) {
  set_state(EnvironmentState::reset);
  services_.timers.cancel(init_timer_);
  function_timer_.clear();
  services_.timers.cancel(exit_timer_);
  process_exited_ = true;
  if (!process_ || !extensions_ || extensions_->empty()) return kill_all();
  sandbox_->forget();
  freezer_.wake();  // whoever is stopped would not hear of it
  RuntimeProcess* runtime = family_ != nullptr ? family_->runtime() : process_.get();
  extensions_->shut_down(reason, runtime_running_ ? runtime : nullptr, [this] { kill_all(); });
}

void ExecutionEnvironment::kill_all() {
  // Not before this call returns, whether there is a process or not.
  if (process_) {
    process_->kill([this] { processes_gone(); });
    return freezer_.forget();
  }
  sandbox_->forget();
  boost::asio::post(services_.io, [this, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired()) processes_gone();
  });
}

void ExecutionEnvironment::processes_gone() {
  if (process_) {
    if (const auto memory = process_->final_memory()) limits_->on_end(*memory);
    process_.reset();
  }
  family_ = nullptr;
  runtime_has_place_ = runtime_running_ = false;
  limits_->on_process(0);
  if (stopped_) return on_all_gone();  // whoever is left ends with the limits
  limits_->end_others([this] { on_all_gone(); });
}

void ExecutionEnvironment::on_all_gone() {
  api_.reset();
  if (extensions_) extensions_->reset();
  init_duration_.reset();
  init_cpu_.reset();
  if (stopped_) return end_for_good();
  const bool first_try = std::exchange(host_failed_, false);
  set_state(first_try ? EnvironmentState::cold : EnvironmentState::cold_again);
  if (invocation_) {
    return first_try ? start_process(EnvironmentState::init) : begin_suppressed_init();
  }
  owner_.on_available(*this);
}

void ExecutionEnvironment::end_for_good() {
  api_.close_listeners();  // the network may be another's from here on
  sandbox_->close([this] {
    limits_->close([this] {
      set_state(EnvironmentState::shutdown);
      const auto stopped = std::exchange(stopped_, nullptr);
      stopped();
    });
  });
}

std::optional<Duration> ExecutionEnvironment::cpu_used() const {
  const auto cpu = limits_->cpu();
  if (!cpu) return std::nullopt;
  return cpu->used;
}

void ExecutionEnvironment::stop(std::function<void()> done) {
  if (invocation_ && answered_) {  // it ends here, without the runtime's next /next
    limits_->sample(services_.clock.now(), true);
    finish_invocation();
  }
  if (invocation_) refuse_caller(Refusal::stopping);
  const bool on_its_way = stopped_ != nullptr || state_ == EnvironmentState::reset;
  stopped_ = std::move(done);
  owner_.on_change(*this);
  if (on_its_way) return;
  if (!process_) return end_for_good();
  reset(ShutdownReason::spindown);
}

}  // namespace coldframe
