// Birth: from the first process to the first /next, and what happens when that does not come.
#include <fmt/format.h>

#include <ctime>
#include <utility>

#include "emulator/environment/entry_point.hpp"
#include "emulator/environment/environment_variables.hpp"
#include "emulator/environment/error_bodies.hpp"
#include "emulator/environment/execution_environment.hpp"
#include "emulator/model/platform_log.hpp"

namespace coldframe {
namespace {

// YYYY/MM/DD/[$LATEST]<32 hex>, the form recorded on AWS.
std::string log_stream_name(WallTime now, const std::string& version, const std::string& id) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  const auto time = static_cast<std::time_t>(seconds);
  std::tm utc{};
  ::gmtime_r(&time, &utc);
  return fmt::format("{:04}/{:02}/{:02}/[{}]{}", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     version, id);
}

}  // namespace

void ExecutionEnvironment::prewarm() {
  provisioned_ = true;
  start_process(EnvironmentState::init);
}

Duration ExecutionEnvironment::init_limit() const {
  if (!provisioned_ || config_.init_limit_given) return config_.init_limit;
  return config_.lambdas_init_limit(true);
}

void ExecutionEnvironment::start_process(EnvironmentState phase) {
  set_state(phase);
  api_.reset();
  process_exited_ = false;
  init_error_body_.reset();
  init_error_type_.clear();
  exit_reason_.clear();
  last_line_.clear();
  limits_->on_start(phase == EnvironmentState::suppressed_init);
  preparing_ = false;  // no longer ahead
  sandbox_->prepare(limits_->join_descriptors(), [this](Result<std::vector<UniqueFd>> listeners) {
    if (!listeners) return on_host_failure(listeners.error().message);
    if (auto ok = listen(std::move(*listeners)); !ok) return on_host_failure(ok.error().message);
    begin_process();
  });
}

void ExecutionEnvironment::prepare() {
  if (!listen_on_loopback()) return;
  preparing_ = true;
  limits_->open_ahead([this](const Result<void>& opened) {
    preparing_ = open_ = bool(opened);
    if (open_) prepare_sandbox();
  });
}

void ExecutionEnvironment::prepare_sandbox() {
  sandbox_->prepare_ahead(limits_->join_descriptors(),
                          [this](Result<std::vector<UniqueFd>> listeners) {
                            preparing_ = false;
                            // If not, the start makes another.
                            prepared_ = listeners && listen(std::move(*listeners));
                          });
}

Result<void> ExecutionEnvironment::listen_on_loopback() {
  if (sandbox_->runtime_api()) return {};
  auto port = api_.listen("127.0.0.1");
  if (!port) return port.error();
  port_ = *port;
  return {};
}

// Where there are any, they are of a network that is new; the former one is let go.
Result<void> ExecutionEnvironment::listen(std::vector<UniqueFd> listeners) {
  if (!listeners.empty()) api_.close_listeners();
  for (UniqueFd& listener : listeners) {
    if (auto ok = api_.adopt(std::move(listener)); !ok) {
      sandbox_->discard();
      return ok;
    }
  }
  return {};
}

void ExecutionEnvironment::begin_process() {
  const bool suppressed = state_ == EnvironmentState::suppressed_init;
  init_wall_ = services_.clock.wall_now();
  if (log_stream_.empty()) log_stream_ = log_stream_name(init_wall_, config_.version, id_);
  init_started_ = services_.clock.now();
  if (config_.log_format == LogFormat::json) {
    InitRecord record;
    record.phase = suppressed ? InitPhase::invoke : InitPhase::init;
    record.started = init_wall_;
    record.provisioned = provisioned_;
    log_.platform(json_log::init_start(config_, record, config_.system_level));
  }
  if (!suppressed) {
    init_timer_ = services_.timers.at(init_started_ + init_limit(), [this] {
      init_timer_ = {};
      on_init_timeout();
    });
  }
  if (extensions_) tell_of_init_start();
  // A disk is looked at only where there may be one.
  if (config_.image || !config_.extensions.empty()) {
    if (const auto files = find_extensions(config_); !files.empty()) return begin_extensions(files);
  }
  launch_runtime();
}

EnvironmentFacts ExecutionEnvironment::environment_facts() const {
  EnvironmentFacts facts;
  facts.runtime_api = sandbox_->runtime_api().value_or("127.0.0.1:" + std::to_string(port_));
  facts.log_stream = log_stream_;
  facts.initialization_type = provisioned_ ? "provisioned-concurrency" : "on-demand";
  facts.task_root = sandbox_->inside(config_.task_root);
  return facts;
}

void ExecutionEnvironment::launch_runtime() {
  const EntryPoint entry = find_entry_point(config_);
  ProcessSpec spec;
  spec.executable = sandbox_->inside(entry.executable);
  spec.argv = entry.argv;
  if (!spec.argv.empty() && !config_.image) spec.argv.front() = spec.executable;
  spec.working_directory = sandbox_->inside(config_.working_directory);
  spec.marker = id_;
  EnvironmentFacts facts = environment_facts();
  facts.working_directory = spec.working_directory;
  spec.environment = environment_variables(config_, facts);
  spec.join_fds = limits_->join_descriptors();
  spec.cpus = limits_->cpus();
  auto process = sandbox_->launch(std::move(spec), *this);
  limits_->on_process(process->pid());
  runtime_running_ = true;
  if (family_ == nullptr) {
    process_ = std::move(process);
  } else {
    family_->set_runtime(std::move(process));
  }
}

// An init that failed is tried once more, inside the invoke: the function timeout runs from here.
void ExecutionEnvironment::begin_suppressed_init() {
  started_ = services_.clock.now();
  record_.started = services_.clock.wall_now();
  deadline_ = started_ + config_.timeout();
  function_timer_.set(*deadline_);
  start_process(EnvironmentState::suppressed_init);
}

void ExecutionEnvironment::on_init_complete() {
  const bool suppressed = state_ == EnvironmentState::suppressed_init;
  if (!suppressed && state_ != EnvironmentState::init) return;
  if (extensions_) {
    extensions_->close_registration();
    if (!extensions_->all_ready()) return;  // on_extensions_ready()
  }
  finish_init();
}

void ExecutionEnvironment::finish_init() {
  const bool suppressed = state_ == EnvironmentState::suppressed_init;
  services_.timers.cancel(init_timer_);
  const auto now = services_.clock.now();
  const Duration duration = now - init_started_;
  limits_->on_init_complete();
  limits_->sample(now, true);
  freezer_.begin();
  processes_at_first_ = limits_->processes().size();
  const auto cpu = cpu_used();
  if (!suppressed) {
    init_duration_ = duration;
    init_cpu_ = cpu;
  }
  log_init({config_.name, id_, suppressed ? InitPhase::invoke : InitPhase::init,
            InitStatus::success, "", duration, cpu, init_wall_});
  set_state(EnvironmentState::idle);
  if (invocation_) {
    dispatch();
  } else if (!process_exited_) {
    limits_->on_idle();
    freezer_.rest(*process_, false);
    owner_.on_available(*this);
  }
}

// Becomes effective when the process exits; until then it is only remembered.
void ExecutionEnvironment::on_init_error(std::string body, std::string error_type) {
  init_error_body_ = make_payload(std::move(body));
  init_error_type_ = std::move(error_type);
}

void ExecutionEnvironment::on_init_timeout() {
  if (state_ != EnvironmentState::init) return;
  process_->drain_output();
  limits_->sample(services_.clock.now(), true);
  init_failed(InitStatus::timeout, "", nullptr);
}

void ExecutionEnvironment::on_launch_failed(const LaunchFailure& failure) {
  runtime_running_ = false;
  if (extensions_ && extensions_->shutting_down()) return extensions_->on_runtime_exit();
  if (state_ != EnvironmentState::init && state_ != EnvironmentState::suppressed_init) return;
  if (failure.stage == LaunchFailure::Stage::host) return on_host_failure(failure.reason);
  const char* type = failure.stage == LaunchFailure::Stage::working_directory
                         ? "Runtime.InvalidWorkingDir"
                         : "Runtime.InvalidEntrypoint";
  std::string reason = failure.reason;
  if (config_.entry_point.empty() && config_.command.empty()) {
    if (find_entry_point(config_).executable.empty()) reason = k_no_bootstrap;
  } else {
    log_.platform(config_.log_format == LogFormat::json
                      ? json_log::launch_error(config_, type, reason, services_.clock.wall_now())
                      : text_log::launch_error(config_, reason));
  }
  process_exited_ = true;
  const std::string request_id = invocation_ ? invocation_->request.request_id : "";
  init_failed(InitStatus::error, type,
              make_payload(error_bodies::platform_error(type, request_id, reason)));
}

// Not the function's fault, and nothing that Lambda would say.
void ExecutionEnvironment::on_host_failure(const std::string& reason) {
  process_exited_ = host_failed_ = true;
  services_.log.write("coldframe: cannot start a process: " + reason + "\n");
  set_state(EnvironmentState::reset);
  function_timer_.clear();
  if (invocation_) {
    owner_.on_host_failure(std::exchange(invocation_, nullptr), reason);
  }
  reset();
}

// What it lived in has gone. What it had sent still counts.
void ExecutionEnvironment::on_lost(const std::string& why) {
  runtime_running_ = false;
  if (extensions_ && extensions_->shutting_down()) return extensions_->on_runtime_exit();
  if (process_exited_) return;
  process_exited_ = true;
  api_.drain();
  if (state_ == EnvironmentState::reset) return;  // it has sent something that ended it
  // Whoever was never asked for anything is as new, and so is who comes after it.
  host_failed_ = state_ == EnvironmentState::init;
  if (invocation_ && answered_) finish_invocation();
  set_state(EnvironmentState::reset);
  function_timer_.clear();
  api_.release();
  if (invocation_) owner_.on_host_failure(std::exchange(invocation_, nullptr), why);
  reset();
}

// `body`: what the caller gets if the suppressed init fails in the same way; null: a timeout.
void ExecutionEnvironment::init_failed(InitStatus status, const std::string& error_type,
                                       Payload body) {
  services_.timers.cancel(init_timer_);
  const bool suppressed = state_ == EnvironmentState::suppressed_init;
  InitRecord record{config_.name, id_,        suppressed ? InitPhase::invoke : InitPhase::init,
                    status,       error_type, services_.clock.now() - init_started_,
                    cpu_used(),   init_wall_};
  log_init(record);
  const auto reason =
      status == InitStatus::timeout ? ShutdownReason::timeout : ShutdownReason::failure;
  if (!suppressed) return reset(reason);
  set_state(EnvironmentState::reset);
  log_start();
  record_.error_type = error_type;
  record_.never_started = true;
  answer_caller(InvocationStatus::init_error, std::move(body));
  finish_invocation();
  reset(reason);
}

void ExecutionEnvironment::log_init(InitRecord record) {
  if (process_) {
    process_->drain_leftover();
    process_->end_lines();
  }
  if (extensions_) log_extensions();
  record.provisioned = provisioned_;
  if (record.status != InitStatus::success) {
    record.exit_reason = exit_reason_;
    record.last_line = last_line_;
    record.error_body = init_error_body_;
  }
  // A repeated init that works is part of its invoke.
  if (record.phase == InitPhase::init || record.status != InitStatus::success) {
    services_.records.on_init(record);
  }
  if (config_.log_format == LogFormat::json) {
    log_.platform(json_log::init_runtime_done(record, config_.system_level));
    log_.platform(json_log::init_report(record, config_.system_level));
  } else if (record.status != InitStatus::success ||
             (record.provisioned && record.phase == InitPhase::init)) {
    log_.platform(text_log::init_report(record));
  }
  if (extensions_) tell_of_init(record);
}

}  // namespace coldframe
