// The environments of one function: which of them serves whom, how many there may be, when an idle
// one is given up. Decisions are those of scaling_policy.hpp.
//
//   EnvironmentPool pool(services, config, options);
//   pool.submit(std::move(invocation)); // answered or refused exactly once
//   pool.recycle([] { … });            // ends every environment; the next invoke is a cold start
//   pool.stop([] { … });
//
// Owned by Emulator; I/O thread only.
#pragma once

#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <vector>

#include "emulator/base/lazy_timer.hpp"
#include "emulator/environment/execution_environment.hpp"
#include "emulator/pool/idle_expiry.hpp"
#include "emulator/pool/scaling_policy.hpp"

namespace coldframe {

struct PoolOptions {
  int concurrency = limits::k_default_concurrency;
  std::optional<Duration> idle_timeout;  // nothing: as measured on AWS
  double time_scale = 1;
  std::uint64_t seed = 0;
  std::size_t queued_events = limits::k_queued_events;
  bool prepare_ahead = false;  // prepare_next() whenever an environment comes to rest
};

class EnvironmentPool final : private EnvironmentOwner {
 public:
  EnvironmentPool(EnvironmentServices& services, const FunctionConfig& config, PoolOptions options);
  ~EnvironmentPool() override;

  void submit(InvocationPtr invocation);
  // Starts `count` environments ahead of any invoke, as far as there may be so many. They do not
  // expire.
  void prewarm(int count);
  // Has all of an environment made but its runtime, for the next cold start, where that takes time
  // and there is none yet. It counts as none of the environments, and a recycle leaves it.
  void prepare_next();
  // No cold start will come: from now on nothing is prepared for one.
  void retire();
  bool preparing() const { return prepared_ && prepared_->preparing(); }
  // Whether an Event invoke finds room to wait in, behind `ahead` others that are still to be
  // submitted; `bytes` of them all.
  bool takes_event(std::size_t bytes, std::size_t ahead = 0) const;
  void recycle(std::function<void()> done);
  void stop(std::function<void()> done);

  const FunctionConfig& config() const { return config_; }
  std::size_t environment_count() const { return environments_.size(); }
  const std::vector<std::unique_ptr<ExecutionEnvironment>>& environments() const {
    return environments_;
  }
  std::size_t queued_events() const { return events_.size(); }
  // Environments that are neither idle nor on their way out.
  int at_work() const;
  // Changes of state of its environments, counted on for ever: whether they come on.
  std::uint64_t steps() const { return steps_; }

 private:
  struct Waiting {
    InvocationPtr invocation;
    std::uint64_t arrival;
    TimerId grace;
  };
  struct Queued {
    InvocationPtr invocation;
    std::uint64_t arrival;
  };

  void on_available(ExecutionEnvironment& environment) override;
  void on_change(ExecutionEnvironment& environment) override;
  void on_host_failure(InvocationPtr invocation, const std::string& reason) override;
  PoolCounts counts() const;
  [[gnu::cold]] void refuse(InvocationPtr invocation, Refusal refusal, std::string reason = {});
  Result<ExecutionEnvironment*> create();
  std::unique_ptr<ExecutionEnvironment> make();
  bool has_prepared() const;
  std::unique_ptr<ExecutionEnvironment> take_prepared();
  [[gnu::cold]] void start_for(InvocationPtr invocation);
  [[gnu::cold]] void enqueue(InvocationPtr invocation);
  InvocationPtr next_event();
  void start_for_events();
  void on_grace_over(std::list<Waiting>::iterator waiting);
  void make_idle(ExecutionEnvironment& environment);
  void take_idle(ExecutionEnvironment& environment);
  void expire_idle();
  void remove(ExecutionEnvironment* environment);
  void stop_all(std::function<void()> done);

  struct Idle {
    ExecutionEnvironment* environment;
    TimePoint expires;  // max(): never
  };

  EnvironmentServices& services_;
  const FunctionConfig& config_;
  PoolOptions options_;
  IdleExpiry expiry_;
  std::vector<std::unique_ptr<ExecutionEnvironment>> environments_;
  std::unique_ptr<ExecutionEnvironment> prepared_;  // for the next cold start; may be null
  std::vector<Idle> idle_;                          // the most recently used one is last
  LazyTimer next_expiry_;                           // not later than the first of theirs
  LazyTimer next_preparation_;
  std::list<Waiting> waiting_;  // requests that count on a draining environment
  std::deque<Queued> events_;   // Event invokes; they wait, they are not throttled
  std::size_t event_bytes_ = 0;
  std::uint64_t arrivals_ = 0;
  std::uint64_t steps_ = 0;
  TimerId retry_;      // events wait, but no environment could be opened
  int returning_ = 0;  // environments that will be available soon
  int warming_ = 0;    // environments that initialize ahead of any invoke
  int leaving_ = 0;    // environments that were told to stop
  int stopping_ = 0;
  bool closed_ = false;
  std::function<void()> all_stopped_;
};

}  // namespace coldframe
