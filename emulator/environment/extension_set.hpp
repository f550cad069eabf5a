// The extensions of one environment and their processes, over its resets: from the first that is
// started to the last that has been given its SHUTDOWN.
//
//   ExtensionSet set(io, clock, timers, ids, config, owner);
//   set.expect(files);                                  // then, for each of them:
//   set.launched(i, family.add(sandbox.launch(spec, set.events(i))));
//   set.invoke(event);                                  // to those who want it
//   set.shut_down(reason, runtime, [this] { kill_all(); });   // 2 s at most
//
// Owned by ExecutionEnvironment, which decides what a failure means; I/O thread only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "emulator/base/clock.hpp"
#include "emulator/extensions/extensions_api.hpp"
#include "emulator/extensions/find_extensions.hpp"
#include "emulator/process/runtime_process.hpp"
#include "emulator/telemetry/telemetry_hub.hpp"

namespace coldframe {

class ExtensionOwner {
 public:
  virtual ~ExtensionOwner() = default;
  // All that were started have registered: the runtime may follow.
  virtual void on_extensions_registered() = 0;
  // Everybody waits for the next event.
  virtual void on_extensions_ready() = 0;
  // One has ended, or has said that it will: `type` is "Extension.Crash", …
  virtual void on_extension_failed(const std::string& type, const std::string& reason) = 0;
  virtual void on_extension_log(const LogEvent& event) = 0;
  virtual void on_telemetry_subscription(const std::string& name,
                                         const TelemetrySubscription& to) = 0;
  // A process of one has ended; what it had sent is to be read before that is judged.
  virtual void on_extension_exit() = 0;
  // Not its fault: no process could be made, or what it lived in has gone.
  virtual void on_extension_host_failure(const std::string& reason) = 0;
  virtual void on_extension_lost(const std::string& why) = 0;
};

class ExtensionSet final : private ExtensionEvents, private TelemetryEvents {
 public:
  // All outlive it. `open`: a socket in the network of the environment. `json_records`: as in
  // TelemetryHub.
  ExtensionSet(boost::asio::io_context& io, const Clock& clock, Timers& timers, IdSource& ids,
               ExtensionsApi::Function function, OpenSocket open, bool json_records,
               ExtensionOwner& owner);
  ~ExtensionSet() override;

  // More than ten: false, and none is to be started.
  bool expect(const std::vector<ExtensionFile>& files);
  ProcessEvents& events(std::size_t index);
  void launched(std::size_t index, RuntimeProcess& process);

  // The runtime has asked for its first event.
  void close_registration() { api_.registry().close(); }
  bool empty() const { return api_.registry().empty(); }
  bool all_registered() const { return api_.registry().all_registered(); }
  bool all_ready() const { return api_.registry().all_ready(); }
  void invoke(const ExtensionsApi::Invoke& invoke) { api_.invoke(invoke); }

  // The runtime first, by SIGTERM and, 300 ms later (500 where no extension is a process), SIGKILL;
  // then SHUTDOWN to whoever wants it and SIGKILL to all others. `runtime`: null if it has ended.
  // `done` is called once, when all have ended or 2 s are over, perhaps before this returns.
  void shut_down(ShutdownReason reason, RuntimeProcess* runtime, std::function<void()> done);
  bool shutting_down() const { return done_ != nullptr; }
  void on_runtime_exit();
  // They are all gone; another generation may come.
  void reset();

  ExtensionsApi& api() { return api_; }
  TelemetryHub& telemetry() { return telemetry_; }

 private:
  class Process;

  void on_registered(Extension& extension) override;
  void on_asked(Extension& extension) override;
  void on_error(Extension& extension) override;
  void on_subscribed(const Extension& extension, const TelemetrySubscription& to) override {
    owner_.on_telemetry_subscription(extension.name, to);
  }
  void on_exit(Process& process, const ExitStatus& status);
  void fail(std::string type, std::string reason);
  void shut_down_extensions();
  void look_for_end();
  void finish();

  boost::asio::io_context& io_;
  const Clock& clock_;
  Timers& timers_;
  IdSource& ids_;
  ExtensionOwner& owner_;
  ExtensionsApi api_;
  TelemetryHub telemetry_;
  std::vector<std::unique_ptr<Process>> processes_;

  // The shutdown that is under way
  std::function<void()> done_;
  RuntimeProcess* runtime_ = nullptr;  // null: it has had its turn
  ShutdownReason reason_ = ShutdownReason::spindown;
  TimePoint shutdown_started_{};
  WallTime shutdown_wall_{};
  TimerId timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for what was posted; one a life
};

}  // namespace coldframe
