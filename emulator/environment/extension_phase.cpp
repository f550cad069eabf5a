// What extensions add to the life of an environment: they start before the runtime, and init,
// invoke and end wait for them.
#include <utility>

#include "emulator/environment/environment_variables.hpp"
#include "emulator/environment/error_bodies.hpp"
#include "emulator/environment/execution_environment.hpp"
#include "emulator/model/platform_log.hpp"
#include "emulator/process/process_family.hpp"

namespace coldframe {

http::Handler* ExecutionEnvironment::other_api(std::string_view path) {
  if (!path.starts_with(k_extensions_prefix) && !TelemetryHub::serves(path)) return nullptr;
  if (!has_extensions_api(config_)) return nullptr;
  return &extension_set().api();
}

ExtensionSet& ExecutionEnvironment::extension_set() {
  if (!extensions_) {
    extensions_ = std::make_unique<ExtensionSet>(
        services_.io, services_.clock, services_.timers, services_.ids,
        ExtensionsApi::Function{config_.name, config_.version, handler_of(config_),
                                config_.account},
        [this](auto got) { sandbox_->open_socket(std::move(got)); },
        config_.log_format == LogFormat::json, static_cast<ExtensionOwner&>(*this));
    if (state_ == EnvironmentState::init || state_ == EnvironmentState::suppressed_init) {
      tell_of_init_start();  // it has begun without anybody to be told
    } else {
      extensions_->telemetry().close();
    }
    if (api_.session().state() != RuntimeState::started) extensions_->close_registration();
  }
  return *extensions_;
}

void ExecutionEnvironment::begin_extensions(const std::vector<ExtensionFile>& files) {
  auto family = std::make_unique<ProcessFamily>();
  family_ = family.get();
  process_ = std::move(family);
  extension_files_ = files;
  runtime_has_place_ = false;
  if (!extension_set().expect(files)) {
    process_exited_ = true;
    family_ = nullptr;
    process_.reset();
    return init_failed(InitStatus::error, "Extension.LaunchError",
                       make_payload(error_bodies::platform_error(
                           "Extension.LaunchError", invocation_ ? record_.request_id : "",
                           "Extension limit (10) reached")));
  }
  launch_extension(0);
}

// One after the other: a sandbox has one process at a time that waits to become something.
void ExecutionEnvironment::launch_extension(std::size_t index) {
  const ExtensionFile& file = extension_files_[index];
  ProcessSpec spec;
  spec.executable = sandbox_->inside_opt(file.path);
  spec.argv = {spec.executable};
  spec.working_directory = "/";
  spec.marker = id_;
  EnvironmentFacts facts = environment_facts();
  facts.working_directory = spec.working_directory;
  spec.environment = extension_variables(config_, facts);
  if (sandbox_->can_be_left()) spec.environment.push_back("COLDFRAME_ENVIRONMENT=" + id_);
  spec.join_fds = limits_->join_descriptors();
  spec.cpus = limits_->cpus();
  RuntimeProcess& process =
      family_->add(sandbox_->launch(std::move(spec), extensions_->events(index)));
  extensions_->launched(index, process);
  prepare_another([this, index] {
    if (index + 1 < extension_files_.size()) return launch_extension(index + 1);
    runtime_has_place_ = true;
    start_runtime_if_it_may();
  });
}

// A place for one more process of this generation.
void ExecutionEnvironment::prepare_another(std::function<void()> then) {
  sandbox_->prepare(limits_->join_descriptors(),
                    [this, then = std::move(then)](Result<std::vector<UniqueFd>> listeners) {
                      if (process_exited_) return;
                      if (!listeners) return on_host_failure(listeners.error().message);
                      if (auto ok = listen(std::move(*listeners)); !ok)
                        return on_host_failure(ok.error().message);
                      then();
                    });
}

// When all have registered, and there is a place for it; once.
void ExecutionEnvironment::start_runtime_if_it_may() {
  if (!runtime_has_place_ || !extensions_->all_registered()) return;
  runtime_has_place_ = false;
  launch_runtime();
}

void ExecutionEnvironment::on_extensions_registered() {
  if (!process_exited_) start_runtime_if_it_may();
}

void ExecutionEnvironment::on_extensions_ready() {
  if (process_exited_ || api_.session().state() != RuntimeState::ready) return;
  if (state_ == EnvironmentState::draining) return on_invoke_complete();
  on_init_complete();
}

void ExecutionEnvironment::on_extension_exit() {
  if (!process_exited_) api_.drain();
}

void ExecutionEnvironment::on_extension_failed(const std::string& type, const std::string& reason) {
  if (process_exited_) return;  // something else has ended it
  process_exited_ = true;
  end_generation(InvocationStatus::exit, type, reason);
}

void ExecutionEnvironment::on_extension_log(const LogEvent& event) {
  remember_line(event);
  log_.function(event);
  extensions_->telemetry().extension(event.text);
}

void ExecutionEnvironment::on_telemetry_subscription(const std::string& name,
                                                     const TelemetrySubscription& to) {
  const bool of_logs = to.kind == TelemetryKind::logs;
  const auto now = services_.clock.wall_now();
  log_.platform(config_.log_format == LogFormat::json
                    ? json_log::subscription(name, to.types, of_logs, now, config_.system_level)
                    : text_log::subscription(name, to.types, of_logs));
  extensions_->telemetry().platform(
      json_log::subscription(name, to.types, of_logs, now, Level::trace));
}

// What happens, for those who have subscribed or may still; each is for an environment that has
// had extensions.
void ExecutionEnvironment::tell_of_init_start() {
  InitRecord record;
  record.phase = state_ == EnvironmentState::suppressed_init ? InitPhase::invoke : InitPhase::init;
  record.started = init_wall_;
  record.provisioned = provisioned_;
  extensions_->telemetry().platform(json_log::init_start(config_, record, Level::trace));
}

void ExecutionEnvironment::tell_of_init(const InitRecord& record) {
  TelemetryHub& telemetry = extensions_->telemetry();
  telemetry.platform(json_log::init_runtime_done(record, Level::trace));
  telemetry.platform(json_log::init_report(record, Level::trace));
  if (record.status == InitStatus::success) telemetry.close();
}

void ExecutionEnvironment::tell_of_start() {
  if (!extensions_->telemetry().listens()) return;
  extensions_->telemetry().platform(
      json_log::start(record_, config_, invocation_->request, Level::trace));
}

// While extensions still work on the invoke, perhaps: some wait for this word.
void ExecutionEnvironment::tell_of_runtime_done() {
  if (!extensions_->telemetry().listens()) return;
  extensions_->telemetry().platform(
      json_log::runtime_done(record_, services_.clock.wall_now(), Level::trace));
}

void ExecutionEnvironment::tell_of_report() {
  if (!extensions_->telemetry().listens()) return;
  if (!record_.runtime) tell_of_runtime_done();
  extensions_->telemetry().platform(
      json_log::report(record_, services_.clock.wall_now(), Level::trace));
}

void ExecutionEnvironment::on_extension_host_failure(const std::string& reason) {
  if (!process_exited_) on_host_failure(reason);
}

void ExecutionEnvironment::on_extension_lost(const std::string& why) { on_lost(why); }

void ExecutionEnvironment::tell_extensions_of_invoke(const RuntimeEvent& event) {
  extensions_->invoke({event.request_id, event.function_arn, event.trace_id, event.deadline_ms});
}

// How they came out of the init.
void ExecutionEnvironment::log_extensions() {
  for (const auto& one : extensions_->api().registry().all()) {
    std::vector<std::string> events;
    if (one->wants_invoke) events.emplace_back("INVOKE");
    if (one->wants_shutdown) events.emplace_back("SHUTDOWN");
    const ExtensionRecord record{one->name, std::string(to_text(one->state)), std::move(events),
                                 one->error_type};
    const auto now = services_.clock.wall_now();
    log_.platform(config_.log_format == LogFormat::json
                      ? json_log::extension(record, now, config_.system_level)
                      : text_log::extension(record));
    extensions_->telemetry().platform(json_log::extension(record, now, Level::trace));
  }
}

}  // namespace coldframe
