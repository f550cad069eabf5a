#include "emulator/environment/extension_set.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <csignal>
#include <utility>

namespace coldframe {
namespace {

// Source: AWS documentation, "Lambda execution environment lifecycle", 2026.
constexpr std::chrono::milliseconds k_runtime_alone{500};
constexpr std::chrono::milliseconds k_runtime{300};
constexpr std::chrono::milliseconds k_whole{2000};

// Source: RIE, which has Go's words for the exit of an extension too.
std::string crash_reason(const ExitStatus& status) {
  if (status.how == ExitStatus::How::signaled) return "signal: " + signal_name(status.value);
  return (status.value == 0 ? "exit code " : "exit status ") + std::to_string(status.value);
}

}  // namespace

// What the process of an external extension tells.
class ExtensionSet::Process final : public ProcessEvents {
 public:
  Process(ExtensionSet& set, Extension& extension) : set_(set), extension_(extension) {}

  void on_log(const LogEvent& event) override { set_.owner_.on_extension_log(event); }
  void on_launch_failed(const LaunchFailure& failure) override {
    ended_ = true;
    if (set_.shutting_down()) return set_.look_for_end();
    if (failure.stage == LaunchFailure::Stage::host) {
      return set_.owner_.on_extension_host_failure(failure.reason);
    }
    extension_.state = ExtensionState::launch_error;
    extension_.error_type = "Extension.LaunchError";
    set_.owner_.on_extension_failed(extension_.error_type, failure.reason);
  }
  void on_exit(const ExitStatus& status) override { set_.on_exit(*this, status); }
  void on_lost(const std::string& why) override {
    ended_ = true;
    if (set_.shutting_down()) return set_.look_for_end();
    set_.owner_.on_extension_lost(why);
  }

 private:
  friend class ExtensionSet;
  ExtensionSet& set_;
  Extension& extension_;
  RuntimeProcess* process_ = nullptr;
  bool ended_ = false;
};

ExtensionSet::ExtensionSet(boost::asio::io_context& io, const Clock& clock, Timers& timers,
                           IdSource& ids, ExtensionsApi::Function function, OpenSocket open,
                           bool json_records, ExtensionOwner& owner)
    : io_(io),
      clock_(clock),
      timers_(timers),
      ids_(ids),
      owner_(owner),
      api_(ids, std::move(function), static_cast<ExtensionEvents&>(*this)),
      telemetry_(io, clock, timers, std::move(open), api_.registry(), json_records,
                 static_cast<TelemetryEvents&>(*this)) {
  api_.serve_also(&telemetry_);
}

ExtensionSet::~ExtensionSet() { timers_.cancel(timer_); }

bool ExtensionSet::expect(const std::vector<ExtensionFile>& files) {
  if (files.size() > ExtensionRegistry::k_most) return false;
  for (const auto& file : files) {
    Extension& extension = api_.registry().expect(file.name, ids_.uuid());
    processes_.push_back(std::make_unique<Process>(*this, extension));
  }
  return true;
}

ProcessEvents& ExtensionSet::events(std::size_t index) { return *processes_.at(index); }

void ExtensionSet::launched(std::size_t index, RuntimeProcess& process) {
  processes_.at(index)->process_ = &process;
}

void ExtensionSet::on_registered(Extension&) {
  if (!shutting_down() && all_registered()) owner_.on_extensions_registered();
}

void ExtensionSet::on_asked(Extension&) {
  if (!shutting_down() && all_ready()) owner_.on_extensions_ready();
}

void ExtensionSet::on_error(Extension& extension) {
  if (shutting_down()) return;
  fail(
      extension.state == ExtensionState::init_error ? "Extension.InitError" : "Extension.ExitError",
      extension.error_type);
}

// Not from inside its own request, whose answer is to reach it.
void ExtensionSet::fail(std::string type, std::string reason) {
  boost::asio::post(io_, [this, alive = std::weak_ptr<bool>(alive_), type = std::move(type),
                          reason = std::move(reason)] {
    if (!alive.expired() && !shutting_down()) owner_.on_extension_failed(type, reason);
  });
}

void ExtensionSet::on_exit(Process& process, const ExitStatus& status) {
  process.ended_ = true;
  if (shutting_down()) return look_for_end();
  owner_.on_extension_exit();
  Extension& extension = process.extension_;
  // What it has said of itself goes before what is seen, and is on its way.
  if (extension.state == ExtensionState::init_error ||
      extension.state == ExtensionState::exit_error) {
    return;
  }
  extension.state = ExtensionState::exited;
  extension.error_type = "Extension.Crash";
  owner_.on_extension_failed(extension.error_type, crash_reason(status));
}

void ExtensionSet::shut_down(ShutdownReason reason, RuntimeProcess* runtime,
                             std::function<void()> done) {
  done_ = std::move(done);
  reason_ = reason;
  runtime_ = runtime;
  shutdown_started_ = clock_.now();
  shutdown_wall_ = clock_.wall_now();
  if (runtime_ == nullptr) return shut_down_extensions();
  const auto patience = api_.registry().has_external() ? k_runtime : k_runtime_alone;
  timer_ = timers_.at(shutdown_started_ + patience, [this] {
    timer_ = {};
    runtime_->signal(SIGKILL);
    shut_down_extensions();
  });
  runtime_->signal(SIGTERM);
}

void ExtensionSet::on_runtime_exit() {
  if (std::exchange(runtime_, nullptr) != nullptr) shut_down_extensions();
}

void ExtensionSet::shut_down_extensions() {
  runtime_ = nullptr;
  timers_.cancel(timer_);
  timer_ = timers_.at(shutdown_started_ + k_whole, [this] {
    timer_ = {};
    for (const auto& one : processes_) {
      if (!one->ended_) one->extension_.state = ExtensionState::shutdown_failed;
    }
    finish();
  });
  for (const auto& one : processes_) {
    if (!one->ended_ && one->process_ != nullptr && !one->extension_.wants_shutdown) {
      one->process_->signal(SIGKILL);
    }
  }
  const auto deadline =
      std::chrono::floor<std::chrono::milliseconds>((shutdown_wall_ + k_whole).time_since_epoch());
  telemetry_.flush();  // they are to have it while they can still do something with it
  api_.shut_down(reason_, deadline.count());
  look_for_end();
}

void ExtensionSet::look_for_end() {
  const bool over = std::all_of(processes_.begin(), processes_.end(), [](const auto& one) {
    return one->ended_ || one->process_ == nullptr;
  });
  if (over && runtime_ == nullptr) finish();
}

void ExtensionSet::finish() {
  timers_.cancel(timer_);
  // Not forgotten before reset(): until then it is shutting down.
  const auto done = std::exchange(done_, [] {});
  done();
}

void ExtensionSet::reset() {
  timers_.cancel(timer_);
  done_ = nullptr;
  runtime_ = nullptr;
  telemetry_.reset();
  api_.reset();
  processes_.clear();
  alive_ = std::make_shared<bool>(true);
}

}  // namespace coldframe
