// Processes that do not exist but have verbs: a test is the bootstrap, and decides how it ends.
//
//   FakeLauncher launcher;
//   options.launcher = &launcher;
//   auto& process = launcher.latest();             // of the environment that was started last
//   StubRuntime runtime(pump, process.port());     // speaks for it
//   process.exit(1);                               // and this is its end
//
// attach() must be called once the emulator is there. Verbs call straight into the environment, so
// use them between two turns of the loop. A kill takes effect with the next turn.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/process/runtime_process.hpp"

namespace coldframe::testing {

class FakeProcess {
 public:
  FakeProcess(ProcessSpec spec, ProcessEvents& events) : spec_(std::move(spec)), events_(&events) {}

  // Verbs. Without effect once the process has ended.
  void exit(int code);
  void signal(int number);
  void print(std::string_view text);                // lines; a line end is added if there is none
  void begin_line(std::string_view text);           // an unfinished one
  void log(LogLevel level, std::string_view text);  // a framed event
  void lose(const std::string& why);                // with what it lives in
  void fail_launch(LaunchFailure::Stage stage, const std::string& reason);
  void outlive_sigterm() { outlives_sigterm_ = true; }  // others end by it, with the next turn

  // Facts.
  const ProcessSpec& spec() const { return spec_; }
  std::optional<std::string> variable(std::string_view name) const;
  std::uint16_t port() const;  // of AWS_LAMBDA_RUNTIME_API
  bool running() const { return running_; }
  bool killed() const { return killed_; }                       // by the emulator
  const std::vector<int>& signals() const { return signals_; }  // that it was sent before

 private:
  friend class FakeLauncher;
  ProcessEvents* end();
  void end_line();
  void tell(std::string_view text);

  ProcessSpec spec_;
  ProcessEvents* events_;  // null once nobody listens any more
  bool running_ = true;
  std::string begun_;
  bool outlives_sigterm_ = false;
  std::vector<int> signals_;
  bool killed_ = false;
};

class FakeLauncher final : public ProcessLauncher {
 public:
  void attach(boost::asio::io_context& io) { io_ = &io; }
  // Whoever is killed is there until let_die().
  void hold_the_dying() { holds_ = true; }
  void let_die();
  // Fake processes have no memory or CPU time; with a pid they show that process's.
  void measure_as(pid_t pid) { pid_ = pid; }

  int starts() const { return static_cast<int>(processes_.size()); }
  FakeProcess& process(int index) { return *processes_.at(static_cast<std::size_t>(index)); }
  FakeProcess& latest() { return process(starts() - 1); }
  int running() const;

  std::unique_ptr<RuntimeProcess> launch(ProcessSpec spec, ProcessEvents& events) override;

 private:
  class Handle;
  void signal(FakeProcess& process, int number);
  void kill(FakeProcess& process, std::function<void()> gone);

  boost::asio::io_context* io_ = nullptr;
  pid_t pid_ = 0;
  bool holds_ = false;
  std::vector<std::function<void()>> dying_;
  std::vector<std::unique_ptr<FakeProcess>> processes_;
};

}  // namespace coldframe::testing
