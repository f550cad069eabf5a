// The life of an invoke inside its environment: dispatch, answer, the runtime's next /next.
#include <csignal>
#include <utility>

#include "emulator/environment/error_bodies.hpp"
#include "emulator/environment/execution_environment.hpp"
#include "emulator/model/platform_log.hpp"
#include "emulator/process/exit_status.hpp"

namespace coldframe {

void ExecutionEnvironment::invoke(InvocationPtr invocation) {
  invocation_ = std::move(invocation);
  answered_ = false;
  held_ = false;
  deadline_.reset();
  record_.renew();
  record_.request_id = invocation_->request.request_id;
  record_.cold = state_ != EnvironmentState::idle || (init_duration_.has_value() && !provisioned_);
  if (state_ == EnvironmentState::idle) process_->end_lines();
  log_.begin_tail(invocation_->request.log_tail);
  switch (state_) {
    case EnvironmentState::cold:
      start_process(EnvironmentState::init);
      return;
    case EnvironmentState::cold_again:
      begin_suppressed_init();
      return;
    case EnvironmentState::idle:
      dispatch();
      return;
    case EnvironmentState::init:   // pre-warming: on_init_complete() dispatches
    case EnvironmentState::reset:  // processes are going: a suppressed init follows
    default:
      owner_.on_change(*this);
      return;
  }
}

void ExecutionEnvironment::dispatch() {
  freezer_.wake();
  limits_->on_dispatch();
  const auto now = services_.clock.now();
  const auto wall = services_.clock.wall_now();
  if (!deadline_) {  // a suppressed init has set all three already
    started_ = now;
    record_.started = wall;
    deadline_ = now + config_.timeout();
    function_timer_.set(*deadline_);
  }
  set_state(EnvironmentState::busy);
  cpu_at_start_ = services_.records.wants_cpu() ? limits_->cpu() : std::nullopt;
  const auto& request = invocation_->request;
  RuntimeEvent& event = api_.event();
  event.request_id = request.request_id;
  services_.ids.uuid(event.invocation_id);
  event.deadline_ms =
      std::chrono::floor<std::chrono::milliseconds>((wall + (*deadline_ - now)).time_since_epoch())
          .count();
  if (!request.qualifier.empty()) qualified_arn_ = arn_ + ":" + request.qualifier;
  event.function_arn = request.qualifier.empty() ? arn_ : qualified_arn_;
  event.trace_id = request.trace_id;
  event.client_context = request.client_context;
  event.cognito_identity = request.cognito_identity;
  event.tenant_id = request.tenant_id;
  event.payload = request.payload;
  log_start();
  if (extensions_) tell_extensions_of_invoke(event);
  api_.deliver();
}

void ExecutionEnvironment::log_start() {
  if (config_.log_format == LogFormat::json) {
    log_.platform(json_log::start(record_, config_, invocation_->request, config_.system_level));
  } else {
    lines_.clear();
    text_log::start(lines_, record_.request_id, config_.version);
    log_.platform(lines_);
  }
  if (extensions_) tell_of_start();
}

void ExecutionEnvironment::on_log(const LogEvent& event) {
  remember_line(event);
  services_.records.on_output(id_, event.text);
  const bool shown = log_.function(event);
  if (shown && extensions_) extensions_->telemetry().function(event.text);
}

void ExecutionEnvironment::remember_line(const LogEvent& event) {
  constexpr std::size_t k_most = 300;
  const bool in_init =
      state_ == EnvironmentState::init || state_ == EnvironmentState::suppressed_init;
  if (in_init && !event.text.empty()) last_line_ = event.text.substr(0, k_most);
}

void ExecutionEnvironment::on_answer(RuntimeAnswer answer) {
  if (state_ != EnvironmentState::busy || answered_) return;
  record_.response = services_.clock.now() - started_;
  set_state(EnvironmentState::draining);
  switch (answer.kind) {
    case AnswerKind::response:
      answer_caller(InvocationStatus::ok, std::move(answer.body));
      return;
    case AnswerKind::error:
      record_.error_type = answer.error_type;
      answer_caller(InvocationStatus::function_error, std::move(answer.body));
      return;
    case AnswerKind::too_large:
      return fail_caller(InvocationStatus::function_error, "Function.ResponseSizeTooLarge",
                         error_bodies::response_too_large());
    case AnswerKind::truncated:
      return fail_caller(
          InvocationStatus::function_error, "Runtime.TruncatedResponse",
          error_bodies::platform_error("Runtime.TruncatedResponse", record_.request_id,
                                       "HTTP request detected as truncated"));
    case AnswerKind::bad_mode:
      // Only the records say why.
      return fail_caller(InvocationStatus::function_error, "Runtime.InvalidResponseModeHeader", "");
  }
}

void ExecutionEnvironment::fail_caller(InvocationStatus status, const std::string& type,
                                       const std::string& body) {
  record_.error_type = type;
  answer_caller(status, make_payload(body));
}

// The one place where a caller gets its answer.
void ExecutionEnvironment::answer_caller(InvocationStatus status, Payload body) {
  if (answered_ || !invocation_) return;
  answered_ = true;
  if (state_ == EnvironmentState::reset) owner_.on_change(*this);  // soon free again
  record_.status = status;
  if (status != InvocationStatus::ok) {
    record_.answer_error = record_.error_type;
    record_.error_body = body;
  }
  record_.produced_bytes = body ? body->size() : 0;
  InvokeResult result;
  result.request_id = record_.request_id;
  result.trace_id = std::move(invocation_->request.trace_id);
  result.executed_version = config_.version;
  result.payload = body ? std::move(body) : make_payload("");
  result.function_error = status != InvocationStatus::ok;
  result.status = status;
  if (invocation_->request.log_tail) return hold(std::move(result));
  const auto done = std::exchange(invocation_->done, nullptr);
  if (done) done(std::move(result));
}

// Its tail ends with REPORT.
void ExecutionEnvironment::hold(InvokeResult&& result) {
  held_result_ = std::move(result);
  held_ = true;
}

void ExecutionEnvironment::log_json_report() {
  const auto wall = services_.clock.wall_now();
  log_.platform(json_log::runtime_done(record_, wall, config_.system_level));
  log_.platform(json_log::report(record_, wall, config_.system_level));
}

void ExecutionEnvironment::release_held(Invocation& invocation) {
  held_ = false;
  InvokeResult result = std::move(held_result_);
  result.log_tail = log_.take_tail();
  const auto done = std::exchange(invocation.done, nullptr);
  if (done) done(std::move(result));
}

// END and REPORT, the record, and a held answer. `fixed_duration`: a timeout is exactly as long as
// the timeout on AWS.
void ExecutionEnvironment::finish_invocation(std::optional<Duration> fixed_duration) {
  function_timer_.clear();
  const auto now = services_.clock.now();
  if (process_) {
    held_ ? process_->drain_output() : process_->drain_leftover();
    process_->end_lines();
  }
  limits_->sample(now, false);
  record_.duration = fixed_duration.value_or(now - started_);
  record_.init = std::exchange(init_duration_, std::nullopt);
  record_.init_cpu = std::exchange(init_cpu_, std::nullopt);
  record_.billed_ms = billed_milliseconds(record_.init.value_or(Duration::zero()), record_.duration,
                                          config_.timeout());
  record_.max_memory_used_bytes = limits_->peak_bytes();
  if (cpu_at_start_) {
    if (const auto cpu = limits_->cpu()) {
      record_.cpu = cpu->used - cpu_at_start_->used;
      if (cpu->throttled) record_.throttled = *cpu->throttled - *cpu_at_start_->throttled;
    }
  }
  if (config_.log_format == LogFormat::json) {
    log_json_report();
  } else {
    lines_.clear();
    text_log::end(lines_, record_.request_id);
    text_log::report(lines_, record_);
    log_.platform(lines_);
  }
  if (extensions_) tell_of_report();
  api_.release();
  const auto invocation = std::exchange(invocation_, nullptr);
  cpu_at_start_.reset();
  if (held_) release_held(*invocation);
  // The caller has had its answer: from here on only the next invoke could wait.
  if (services_.records.wants_leftovers()) look_at_leftovers();
  services_.records.on_invocation(record_);
}

void ExecutionEnvironment::on_invoke_complete() {
  if (state_ != EnvironmentState::draining) return;
  if (extensions_ && !extensions_->empty()) {
    if (!record_.runtime) {
      record_.runtime = services_.clock.now() - started_;
      tell_of_runtime_done();
    }
    if (!extensions_->all_ready()) return;  // on_extensions_ready()
  }
  finish_invocation();
  set_state(EnvironmentState::idle);
  limits_->on_idle();
  if (process_exited_) return;
  freezer_.rest(*process_, true);
  owner_.on_available(*this);
}

void ExecutionEnvironment::on_function_timeout() {
  if (!invocation_) return;
  if (process_) process_->drain_output();
  limits_->sample(services_.clock.now(), true);
  record_.threads_at_timeout = count_threads(*limits_);  // nobody will be left to be counted
  if (state_ == EnvironmentState::suppressed_init && process_) {
    log_init({config_.name, id_, InitPhase::invoke, InitStatus::timeout, "",
              services_.clock.now() - init_started_, cpu_used(), init_wall_});
  }
  if (state_ == EnvironmentState::suppressed_init) {
    log_start();
    record_.never_started = true;
  }
  const bool answered_before = answered_;
  set_state(EnvironmentState::reset);
  fail_caller(InvocationStatus::timeout, "Sandbox.Timedout",
              error_bodies::timed_out(record_.request_id, config_.timeout_s));
  if (answered_before) {
    record_.status = InvocationStatus::timeout;
    record_.error_type = "Sandbox.Timedout";
  }
  finish_invocation(config_.timeout());
  reset(ShutdownReason::timeout);
}

void ExecutionEnvironment::on_exit(const ExitStatus& status) {
  // What the process sent before it died still counts, also the part that did not fit into the
  // sockets' buffers and follows as they are read.
  constexpr auto k_grace = std::chrono::milliseconds(100);
  runtime_running_ = false;
  if (extensions_ && extensions_->shutting_down()) return extensions_->on_runtime_exit();
  if (process_exited_) return;  // ended already, by on_out_of_memory()
  process_exited_ = true;
  if (const auto memory = process_->final_memory()) limits_->on_end(*memory);
  if (!api_.drain()) return judge_exit(status);
  exit_timer_ = services_.timers.at(services_.clock.now() + k_grace, [this, status] {
    exit_timer_ = {};
    judge_exit(status);
  });
}

// Whoever of it the kernel has killed: all of it goes, as a whole virtual machine would.
void ExecutionEnvironment::on_out_of_memory() {
  if (process_) on_exit(ExitStatus::signaled(SIGKILL));
}

void ExecutionEnvironment::judge_exit(const ExitStatus& status) {
  const bool oom = limits_->out_of_memory();
  const std::string type = oom ? "Runtime.OutOfMemory" : "Runtime.ExitError";
  end_generation(oom ? InvocationStatus::out_of_memory : InvocationStatus::exit, type,
                 exit_reason(status));
}

// The runtime or an extension is no more.
void ExecutionEnvironment::end_generation(InvocationStatus kind, const std::string& type,
                                          const std::string& reason) {
  exit_reason_ = reason;
  switch (state_) {
    case EnvironmentState::init:
    case EnvironmentState::suppressed_init: {
      const std::string id = invocation_ ? record_.request_id : "";
      if (init_error_body_) {
        init_failed(InitStatus::error, init_error_type_, init_error_body_);
      } else {
        init_failed(InitStatus::error, type,
                    make_payload(error_bodies::platform_error(type, id, reason)));
      }
      return;
    }
    case EnvironmentState::busy:
    case EnvironmentState::draining: {
      set_state(EnvironmentState::reset);
      fail_caller(kind, type, error_bodies::platform_error(type, record_.request_id, reason));
      record_.status = kind;
      record_.error_type = type;
      record_.exit_reason = reason;
      finish_invocation();
      reset();
      return;
    }
    case EnvironmentState::idle:
      process_->end_lines();
      reset();
      return;
    default:
      return;
  }
}

}  // namespace coldframe
