// One execution environment from birth to removal: it starts the runtime, measures its init, hands
// it one event at a time, and gives each invoke exactly one answer, whatever dies in between.
//
//   ExecutionEnvironment environment(services, config, owner);
//   environment.invoke(std::move(invocation)); // starts the runtime if need be
//   environment.stop([] { … });                // SIGKILL at once, unless there are extensions
//
// Owned by the pool; everything happens on the I/O thread. The stories of its
// life are told in init_phase.cpp, invoke_phase.cpp, extension_phase.cpp and shutdown_phase.cpp.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "emulator/base/clock.hpp"
#include "emulator/base/ids.hpp"
#include "emulator/base/lazy_timer.hpp"
#include "emulator/environment/environment_log.hpp"
#include "emulator/environment/environment_variables.hpp"
#include "emulator/environment/extension_set.hpp"
#include "emulator/environment/sandbox.hpp"
#include "emulator/environment/work_look.hpp"
#include "emulator/limits/freezer.hpp"
#include "emulator/limits/holdings.hpp"
#include "emulator/limits/limits_backend.hpp"
#include "emulator/model/environment_state.hpp"
#include "emulator/model/function_config.hpp"
#include "emulator/model/invoke.hpp"
#include "emulator/model/record.hpp"
#include "emulator/process/process_family.hpp"
#include "emulator/process/runtime_process.hpp"
#include "emulator/runtime_api/runtime_api.hpp"

namespace coldframe {

// What an environment needs from the house; outlives every environment.
struct EnvironmentServices {
  boost::asio::io_context& io;
  const Clock& clock;
  Timers& timers;
  IdSource& ids;
  LimitsBackend& limits;
  Freezing& freezing;
  Sandbox& sandbox;
  RecordSink& records;
  TextSink& log;
};

class ExecutionEnvironment;

class EnvironmentOwner {
 public:
  virtual ~EnvironmentOwner() = default;
  // Can take another invoke: idle, or cold again after a reset.
  virtual void on_available(ExecutionEnvironment& environment) = 0;
  // Its state, its invoke or its will to stop has changed.
  virtual void on_change(ExecutionEnvironment& environment) = 0;
  // Its invoke comes back without an answer, because no process could be started, or what it ran in
  // has gone, for a reason of this host.
  virtual void on_host_failure(InvocationPtr invocation, const std::string& reason) = 0;
};

class ExecutionEnvironment final : private RuntimeEvents,
                                   private ProcessEvents,
                                   private LimitsEvents,
                                   private ExtensionOwner {
 public:
  ExecutionEnvironment(EnvironmentServices& services, const FunctionConfig& config,
                       EnvironmentOwner& owner);
  ~ExecutionEnvironment() override;
  ExecutionEnvironment(const ExecutionEnvironment&) = delete;
  ExecutionEnvironment& operator=(const ExecutionEnvironment&) = delete;

  // Opens the Runtime API on the host's loopback, if it is to be there. Errors: exit code 4 (no
  // port, no descriptor).
  Result<void> open();
  // Precondition: no invoke in progress.
  void invoke(InvocationPtr invocation);
  // Starts the runtime ahead of any invoke. Precondition: Cold.
  void prewarm();
  // In the place of open(), and where nobody waits for it: makes its groups and its sandbox too,
  // but starts no runtime. It stays Cold, and its first start does not wait for them. What goes
  // wrong with the sandbox is told by that start.
  void prepare();
  bool preparing() const { return preparing_; }
  // Before that it takes no invoke. Never, if prepare() has come to its end without.
  bool is_open() const { return open_; }
  bool prepared() const { return prepared_; }  // has been, whatever became of it
  // What prepare() has made can still be used.
  bool is_current() const { return sandbox_->is_current(); }
  // Ends everything; an invoke in progress is answered with Refusal::stopping. `done` may be called
  // before stop() returns; of two calls only the later one's is.
  void stop(std::function<void()> done);

  // For somebody who looks at it between invokes: it is not frozen until let_rest().
  void stay_awake() { freezer_.wake(); }
  void let_rest();
  // Precondition: idle and awake. Some 50 µs.
  Activity activity() const;

  EnvironmentState state() const { return state_; }
  const std::string& id() const { return id_; }
  // Told to stop; takes no invoke any more.
  bool stopping() const { return stopped_ || state_ == EnvironmentState::shutdown; }
  // Answered, or being reset with nobody waiting: it will be available soon.
  bool returning() const {
    return !stopping() && (state_ == EnvironmentState::draining ||
                           (state_ == EnvironmentState::reset && (!invocation_ || answered_)));
  }
  bool returning_from_reset() const { return state_ == EnvironmentState::reset && returning(); }
  // Its runtime was started ahead of any invoke.
  bool provisioned() const { return provisioned_; }
  // Initializing ahead of any invoke, and not yet promised to one.
  bool warming() const { return state_ == EnvironmentState::init && !invocation_ && !stopping(); }
  bool has_invocation() const { return invocation_ != nullptr; }
  pid_t pid() const { return process_ ? process_->pid() : 0; }

  // The owner's marks, so that it need not search or count.
  struct Marks {
    bool idle = false;
    bool returning = false;
    bool warming = false;
    bool stopping = false;
  } marks;

 private:
  // init_phase.cpp
  [[gnu::cold]] void start_process(EnvironmentState phase);
  [[gnu::cold]] void begin_process();
  [[gnu::cold]] void launch_runtime();
  EnvironmentFacts environment_facts() const;
  [[gnu::cold]] void prepare_sandbox();
  [[gnu::cold]] Result<void> listen_on_loopback();
  [[gnu::cold]] Result<void> listen(std::vector<UniqueFd> listeners);
  [[gnu::cold]] void begin_suppressed_init();
  void on_init_complete() override;
  void on_init_error(std::string body, std::string error_type) override;
  void on_init_timeout();
  void on_launch_failed(const LaunchFailure& failure) override;
  void on_host_failure(const std::string& reason);
  [[gnu::cold]] void on_lost(const std::string& why) override;
  void init_failed(InitStatus status, const std::string& error_type, Payload body);
  void log_init(InitRecord record);
  Duration init_limit() const;
  void finish_init();
  // extension_phase.cpp
  http::Handler* other_api(std::string_view path) override;
  ExtensionSet& extension_set();
  void begin_extensions(const std::vector<ExtensionFile>& files);
  void launch_extension(std::size_t index);
  void prepare_another(std::function<void()> then);
  void start_runtime_if_it_may();
  void on_extensions_registered() override;
  void on_extensions_ready() override;
  void on_extension_failed(const std::string& type, const std::string& reason) override;
  void on_extension_log(const LogEvent& event) override;
  void on_extension_exit() override;
  void on_extension_host_failure(const std::string& reason) override;
  void on_extension_lost(const std::string& why) override;
  void on_telemetry_subscription(const std::string& name, const TelemetrySubscription& to) override;
  [[gnu::cold]] void tell_extensions_of_invoke(const RuntimeEvent& event);
  void log_extensions();
  void tell_of_init_start();
  void tell_of_init(const InitRecord& record);
  [[gnu::cold]] void tell_of_start();
  [[gnu::cold]] void tell_of_runtime_done();
  [[gnu::cold]] void tell_of_report();
  // invoke_phase.cpp
  void dispatch();
  void log_start();
  void on_answer(RuntimeAnswer answer) override;
  void on_invoke_complete() override;
  void on_function_timeout();
  void on_exit(const ExitStatus& status) override;
  [[gnu::cold]] void on_out_of_memory() override;
  void judge_exit(const ExitStatus& status);
  void end_generation(InvocationStatus kind, const std::string& type, const std::string& reason);
  void remember_line(const LogEvent& event);
  void on_log(const LogEvent& event) override;
  void answer_caller(InvocationStatus status, Payload body);
  void refuse_caller(Refusal refusal);
  [[gnu::cold]] void hold(InvokeResult&& result);
  [[gnu::cold]] void release_held(Invocation& invocation);
  [[gnu::cold]] void fail_caller(InvocationStatus status, const std::string& type,
                                 const std::string& body);
  [[gnu::cold]] void log_json_report();
  void finish_invocation(std::optional<Duration> fixed_duration = std::nullopt);
  // leftovers.cpp
  void on_look() override;
  void look_at_leftovers();
  // shutdown_phase.cpp
  void reset(ShutdownReason reason = ShutdownReason::failure);
  void kill_all();
  void processes_gone();
  void on_all_gone();
  void end_for_good();
  std::optional<Duration> cpu_used() const;  // of this generation
  void set_state(EnvironmentState state) {
    state_ = state;
    owner_.on_change(*this);
  }

  EnvironmentServices& services_;
  const FunctionConfig& config_;
  EnvironmentOwner& owner_;
  std::string id_;  // 32 hex digits, also in the log stream's name
  std::string log_stream_;
  std::string arn_;
  std::string qualified_arn_;  // of the invoke in progress, if its caller gave a qualifier
  std::uint16_t port_ = 0;
  EnvironmentState state_ = EnvironmentState::cold;
  EnvironmentLog log_;
  std::unique_ptr<EnvironmentLimits> limits_;
  Freezer freezer_;
  HoldingsMeter holdings_;
  std::unique_ptr<ExtensionSet> extensions_;  // null: nobody has ever asked for one
  RuntimeApi api_;
  std::unique_ptr<EnvironmentSandbox> sandbox_;
  std::unique_ptr<RuntimeProcess> process_;  // the runtime, or family_
  ProcessFamily* family_ = nullptr;          // with external extensions
  std::vector<ExtensionFile> extension_files_;
  bool runtime_has_place_ = false;  // and waits for extensions to register
  bool runtime_running_ = false;
  bool process_exited_ = false;  // or something else that ends the generation
  bool host_failed_ = false;     // the last launch failed for a reason of ours: no init was tried
  bool provisioned_ = false;     // started ahead: another limit, another variable
  bool open_ = false;
  bool preparing_ = false;
  bool prepared_ = false;

  // Init
  TimePoint init_started_{};
  WallTime init_wall_{};
  TimerId init_timer_;
  std::optional<Duration> init_duration_;  // waits for the first REPORT
  std::optional<Duration> init_cpu_;
  std::size_t processes_at_first_ = 0;  // before any event
  Payload init_error_body_;             // posted to /init/error, or why the launch failed
  std::string init_error_type_;
  std::string exit_reason_;  // why the process ended, once it has
  std::string last_line_;    // the last that it printed in its init

  // The invoke in progress
  InvocationPtr invocation_;  // null: none
  InvokeResult held_result_;  // while held_: answered, but the log tail is still to come
  bool held_ = false;
  bool answered_ = false;
  TimePoint started_{};
  std::optional<TimePoint> deadline_;  // set early for a suppressed init
  std::optional<CpuTime> cpu_at_start_;
  LazyTimer function_timer_;
  TimerId exit_timer_;  // the runtime is dead, but part of what it sent is on its way
  InvocationRecord record_;
  std::string lines_;  // of the log, while they are written

  std::function<void()> stopped_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for what was posted
};

}  // namespace coldframe
