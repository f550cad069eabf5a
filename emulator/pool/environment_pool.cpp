#include "emulator/pool/environment_pool.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

namespace coldframe {

EnvironmentPool::EnvironmentPool(EnvironmentServices& services, const FunctionConfig& config,
                                 PoolOptions options)
    : services_(services),
      config_(config),
      options_(options),
      expiry_(options.idle_timeout, options.time_scale, options.seed),
      next_expiry_(services.timers, [this] { expire_idle(); }),
      next_preparation_(services.timers, [this] { prepare_next(); }) {}

EnvironmentPool::~EnvironmentPool() {
  services_.timers.cancel(retry_);
  for (auto& waiting : waiting_)
    services_.timers.cancel(waiting.grace);
}

PoolCounts EnvironmentPool::counts() const {
  PoolCounts counts;
  counts.idle = static_cast<int>(idle_.size());
  counts.promised = static_cast<int>(waiting_.size() + events_.size());
  counts.warming = warming_;
  counts.total = static_cast<int>(environments_.size()) - leaving_;
  counts.limit = options_.concurrency;
  if (config_.reserved_concurrency) {
    counts.limit = std::min(counts.limit, *config_.reserved_concurrency);
  }
  counts.draining = returning_;
  return counts;
}

int EnvironmentPool::at_work() const {
  return static_cast<int>(environments_.size() - idle_.size()) - leaving_;
}

void EnvironmentPool::submit(InvocationPtr invocation) {
  if (closed_ || stopping_ > 0) return refuse(std::move(invocation), Refusal::stopping);
  const auto now = counts();
  // Events are served in the order they came; one may not overtake those that wait.
  if (invocation->request.type == InvocationType::event && !events_.empty()) {
    return enqueue(std::move(invocation));
  }
  switch (place(now)) {
    case Placement::reuse: {
      ExecutionEnvironment& environment = *idle_.back().environment;
      take_idle(environment);
      environment.invoke(std::move(invocation));
      return;
    }
    case Placement::await_draining: {
      auto at = waiting_.insert(waiting_.end(), Waiting{std::move(invocation), ++arrivals_, {}});
      const bool resets = std::any_of(environments_.begin(), environments_.end(),
                                      [](const auto& one) { return one->returning_from_reset(); });
      const auto grace = resets ? k_reset_grace : k_drain_grace;
      at->grace = services_.timers.at(services_.clock.now() + grace, [this, at] {
        at->grace = {};
        on_grace_over(at);
      });
      return;
    }
    case Placement::start:
      return start_for(std::move(invocation));
    case Placement::join_init: {
      auto at = std::find_if(environments_.begin(), environments_.end(),
                             [](const auto& one) { return one->warming(); });
      return (*at)->invoke(std::move(invocation));
    }
    case Placement::throttle:
      if (invocation->request.type == InvocationType::event && now.limit > 0) {
        return enqueue(std::move(invocation));
      }
      if (invocation->request.type == InvocationType::event) {
        services_.log.write("coldframe: dropped an Event invoke of '" + config_.name +
                            "': its reserved concurrency is 0 (Lambda would send it to the "
                            "dead-letter queue)\n");
      }
      const bool reserved =
          config_.reserved_concurrency && *config_.reserved_concurrency <= options_.concurrency;
      return refuse(std::move(invocation),
                    reserved ? Refusal::reserved_throttled : Refusal::throttled);
  }
}

bool EnvironmentPool::takes_event(std::size_t bytes, std::size_t ahead) const {
  return events_.size() + ahead < options_.queued_events &&
         event_bytes_ + bytes <= limits::k_queued_event_bytes;
}

void EnvironmentPool::enqueue(InvocationPtr invocation) {
  event_bytes_ += invocation->request.payload->size();
  events_.push_back({std::move(invocation), ++arrivals_});
}

InvocationPtr EnvironmentPool::next_event() {
  InvocationPtr invocation = std::move(events_.front().invocation);
  events_.pop_front();
  event_bytes_ -= invocation->request.payload->size();
  return invocation;
}

void EnvironmentPool::refuse(InvocationPtr invocation, Refusal refusal, std::string reason) {
  InvokeResult result;
  result.refusal = refusal;
  result.refusal_reason = std::move(reason);
  result.request_id = invocation->request.request_id;
  result.trace_id = invocation->request.trace_id;
  result.payload = make_payload("");
  if (invocation->done) invocation->done(std::move(result));
}

std::unique_ptr<ExecutionEnvironment> EnvironmentPool::make() {
  return std::make_unique<ExecutionEnvironment>(services_, config_,
                                                static_cast<EnvironmentOwner&>(*this));
}

Result<ExecutionEnvironment*> EnvironmentPool::create() {
  auto environment = take_prepared();
  if (!environment) {
    environment = make();
    if (auto opened = environment->open(); !opened) {
      services_.log.write("coldframe: " + opened.error().message + "\n");
      return opened.error();
    }
  }
  environments_.push_back(std::move(environment));
  return environments_.back().get();
}

// What goes wrong here is told by the cold start that tries it again.
void EnvironmentPool::prepare_next() {
  if (!services_.sandbox.takes_time() || has_prepared() || closed_ || counts().limit == 0) return;
  prepared_ = make();
  prepared_->prepare();
}

// One that could not be opened is none.
bool EnvironmentPool::has_prepared() const {
  return prepared_ && (prepared_->is_open() || prepared_->preparing());
}

void EnvironmentPool::retire() {
  options_.prepare_ahead = false;
  next_preparation_.clear();
}

std::unique_ptr<ExecutionEnvironment> EnvironmentPool::take_prepared() {
  // Its groups are about to be made, when the thread that makes them comes to it: it is left for
  // the next, and those of this one are made at once.
  if (has_prepared() && !prepared_->is_open()) return nullptr;
  if (!has_prepared()) prepared_.reset();
  if (!prepared_ || prepared_->is_current()) return std::move(prepared_);
  // It ends among the others.
  auto* old = environments_.emplace_back(std::move(prepared_)).get();
  old->stop([this, old] { remove(old); });
  return nullptr;
}

void EnvironmentPool::start_for(InvocationPtr invocation) {
  if (auto environment = create()) {
    (*environment)->invoke(std::move(invocation));
  } else {
    on_host_failure(std::move(invocation), environment.error().message);
  }
}

// An Event that was accepted is accepted: it goes back to its place, and is tried again.
void EnvironmentPool::on_host_failure(InvocationPtr invocation, const std::string& reason) {
  if (invocation->request.type != InvocationType::event || closed_) {
    return refuse(std::move(invocation), Refusal::no_environment, reason);
  }
  event_bytes_ += invocation->request.payload->size();
  events_.push_front({std::move(invocation), 0});
  if (retry_) return;
  retry_ = services_.timers.at(services_.clock.now() + k_open_retry, [this] {
    retry_ = {};
    start_for_events();
  });
}

void EnvironmentPool::prewarm(int count) {
  const int most = counts().limit;
  for (int i = 0; i < count && static_cast<int>(environments_.size()) < most; ++i) {
    if (auto environment = create()) (*environment)->prewarm();
  }
}

// The runtime did not come back for its next event in time: another environment, if there may be
// one; else the request keeps its place.
void EnvironmentPool::on_grace_over(std::list<Waiting>::iterator waiting) {
  const auto now = counts();
  if (now.total >= now.limit) return;
  InvocationPtr invocation = std::move(waiting->invocation);
  waiting_.erase(waiting);
  start_for(std::move(invocation));
}

void EnvironmentPool::on_available(ExecutionEnvironment& environment) {
  if (closed_ || stopping_ > 0) return;
  if (environment.marks.idle) return;  // its runtime died while idle; it is the same idle one
  if (!waiting_.empty() &&
      (events_.empty() || waiting_.front().arrival < events_.front().arrival)) {
    services_.timers.cancel(waiting_.front().grace);
    InvocationPtr invocation = std::move(waiting_.front().invocation);
    waiting_.pop_front();
    environment.invoke(std::move(invocation));
  } else if (!events_.empty() && !retry_) {
    environment.invoke(next_event());
  } else {
    make_idle(environment);
  }
}

void EnvironmentPool::on_change(ExecutionEnvironment& environment) {
  ++steps_;
  auto& marks = environment.marks;
  auto count = [](bool& mark, bool now, int& counter) {
    if (mark != now) counter += now ? 1 : -1;
    mark = now;
  };
  count(marks.returning, environment.returning(), returning_);
  count(marks.stopping, environment.stopping(), leaving_);
  count(marks.warming, environment.warming(), warming_);
}

void EnvironmentPool::make_idle(ExecutionEnvironment& environment) {
  environment.marks.idle = true;
  TimePoint expires = TimePoint::max();
  if (!environment.provisioned()) {
    expires = services_.clock.now() + expiry_.draw();
    next_expiry_.set(next_expiry_ ? std::min(next_expiry_.due(), expires) : expires);
  }
  idle_.push_back({&environment, expires});
  if (options_.prepare_ahead && !has_prepared() && !next_preparation_) {
    next_preparation_.set(services_.clock.now() + k_rest_before_preparing);
  }
}

void EnvironmentPool::take_idle(ExecutionEnvironment& environment) {
  auto at = std::find_if(idle_.rbegin(), idle_.rend(),
                         [&](const Idle& idle) { return idle.environment == &environment; });
  if (at == idle_.rend()) return;
  environment.marks.idle = false;
  idle_.erase(std::next(at).base());
}

void EnvironmentPool::expire_idle() {
  const auto now = services_.clock.now();
  std::vector<ExecutionEnvironment*> expired;
  TimePoint next = TimePoint::max();
  for (auto& idle : idle_) {
    if (idle.expires <= now) {
      expired.push_back(idle.environment);
    } else {
      next = std::min(next, idle.expires);
    }
  }
  if (next != TimePoint::max()) next_expiry_.set(next);
  for (auto* environment : expired) {
    take_idle(*environment);
    environment->stop([this, environment] { remove(environment); });
  }
}

void EnvironmentPool::remove(ExecutionEnvironment* environment) {
  // Not from inside a call of the environment's own.
  boost::asio::post(services_.io, [this, environment] {
    if (environment->marks.returning) --returning_;
    if (environment->marks.stopping) --leaving_;
    if (environment->marks.warming) --warming_;
    std::erase_if(environments_, [&](const auto& owned) { return owned.get() == environment; });
    if (stopping_ > 0 && --stopping_ == 0 && all_stopped_) {
      auto done = std::move(all_stopped_);
      all_stopped_ = nullptr;
      start_for_events();
      done();
    }
  });
}

// After a recycle, or once the host may have room again, nothing else would serve those that wait.
void EnvironmentPool::start_for_events() {
  while (!closed_ && stopping_ == 0 && !retry_ && !events_.empty()) {
    if (!idle_.empty()) {
      ExecutionEnvironment& environment = *idle_.back().environment;
      take_idle(environment);
      environment.invoke(next_event());
    } else if (place(counts()) == Placement::start) {
      start_for(next_event());
    } else {
      return;
    }
  }
}

void EnvironmentPool::stop_all(std::function<void()> done) {
  for (auto& idle : idle_)
    idle.environment->marks.idle = false;
  idle_.clear();
  for (auto& waiting : waiting_) {
    services_.timers.cancel(waiting.grace);
    refuse(std::move(waiting.invocation), Refusal::stopping);
  }
  waiting_.clear();
  if (closed_ && prepared_) environments_.push_back(std::move(prepared_));
  if (environments_.empty()) return done();
  all_stopped_ = std::move(done);
  stopping_ = static_cast<int>(environments_.size());
  std::vector<ExecutionEnvironment*> all;
  for (auto& environment : environments_)
    all.push_back(environment.get());
  for (auto* environment : all) {
    if (environment->state() == EnvironmentState::shutdown) continue;  // its removal is on its way
    environment->stop([this, environment] { remove(environment); });
  }
}

void EnvironmentPool::recycle(std::function<void()> done) { stop_all(std::move(done)); }

void EnvironmentPool::stop(std::function<void()> done) {
  closed_ = true;
  services_.timers.cancel(retry_);
  if (!events_.empty()) {
    services_.log.write("coldframe: " + std::to_string(events_.size()) +
                        " accepted Event invokes of '" + config_.name +
                        "' were not begun before the end\n");
  }
  while (!events_.empty())
    refuse(next_event(), Refusal::stopping);
  stop_all(std::move(done));
}

}  // namespace coldframe
