// The functions of an emulator, each with its pool of environments: who answers to which name,
// which of them is being renewed, whose invokes wait.
//
//   HostedFunctions functions(services, pool_options);
//   functions.add(config).value();
//   functions.invoke(std::move(invocation));
//   functions.renew(new_config, 0);         // what runs by now still ends on the old one
//   functions.stop([] { … });
//
// Owned by Emulator; I/O thread only.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/invoke_api/invoke_api.hpp"
#include "emulator/invoke_gate.hpp"
#include "emulator/pool/begin_pace.hpp"
#include "emulator/pool/environment_pool.hpp"

namespace coldframe {

class HostedFunctions final : public FunctionDirectory {
 public:
  HostedFunctions(EnvironmentServices& services, PoolOptions options)
      : services_(services), options_(options) {}

  // Error: a second function of the same name (exit code 2).
  Result<void> add(FunctionConfig config);
  void prewarm(int count);
  // Fresh environments, `provisioned` of them at once; the old ones end with what they are doing.
  void renew(FunctionConfig config, int provisioned);
  void recycle(std::string_view name, std::function<void()> done);
  // Has an environment made for its next cold start; whether that is still going on.
  void prepare_next(std::string_view name);
  bool preparing(std::string_view name) const;
  // One of its environments that waits for an invoke; null: there is none. Not kept over a turn of
  // the loop.
  ExecutionEnvironment* find_idle(std::string_view name) const;
  // From now on its invokes wait while `changing` says so, and then until resume().
  void hold_while(const std::string& name, std::function<bool()> changing);
  void resume(const std::string& name);
  // Refuses those that wait and ends every environment. `done` may come before the call returns.
  void stop(std::function<void()> done);
  std::string state_json() const;

  const FunctionConfig* find(std::string_view name) const override;
  const FunctionConfig& any() const override;
  // Begins it now, or, where many are at work, in one of the next turns of the loop.
  void invoke(InvocationPtr invocation) override;
  bool takes_event(std::string_view name, std::size_t bytes) const override;

 private:
  struct Hosted {
    Hosted(EnvironmentServices& services, FunctionConfig function_config, PoolOptions options)
        : config(std::move(function_config)), pool(services, config, options) {}
    bool is_busy() const;

    FunctionConfig config;
    EnvironmentPool pool;
    std::deque<InvocationPtr> arrivals{};  // for the next turns
    BeginPace pace{};
    bool ending = false;
  };

  std::unique_ptr<Hosted> make(FunctionConfig config, std::size_t place) const;
  Hosted* hosted(std::string_view name) const;
  void begin(InvocationPtr invocation);
  void begin_later();
  void begin_next(Hosted& one);
  void begin_some();
  [[gnu::cold]] bool hold(const std::string& name, InvocationPtr& invocation);
  void end_retired();

  EnvironmentServices& services_;
  PoolOptions options_;
  FunctionConfig none_;
  std::vector<std::unique_ptr<Hosted>> functions_;
  std::vector<std::unique_ptr<Hosted>> retired_;  // renewed, and still running something
  std::map<std::string, InvokeGate, std::less<>> gates_;
  bool begins_later_ = false;
};

}  // namespace coldframe
