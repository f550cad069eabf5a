#include "emulator/hosted_functions.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>

namespace coldframe {
namespace {

constexpr auto k_retired_look = std::chrono::milliseconds(20);

[[gnu::cold]] InvokeResult empty_result(const InvokeRequest& request, Refusal refusal) {
  InvokeResult result;
  result.refusal = refusal;
  result.request_id = request.request_id;
  result.trace_id = request.trace_id;
  result.payload = make_payload("");
  return result;
}

}  // namespace

bool HostedFunctions::Hosted::is_busy() const {
  const auto& all = pool.environments();
  return pool.queued_events() > 0 || std::any_of(all.begin(), all.end(), [](const auto& one) {
           return one->has_invocation() || one->returning();
         });
}

std::unique_ptr<HostedFunctions::Hosted> HostedFunctions::make(FunctionConfig config,
                                                               std::size_t place) const {
  PoolOptions options = options_;
  options.seed += place;
  return std::make_unique<Hosted>(services_, std::move(config), options);
}

// A single function answers to its own name and to `function`.
HostedFunctions::Hosted* HostedFunctions::hosted(std::string_view name) const {
  for (const auto& one : functions_) {
    if (one->config.name == name) return one.get();
  }
  return functions_.size() == 1 && name == "function" ? functions_.front().get() : nullptr;
}

Result<void> HostedFunctions::add(FunctionConfig config) {
  for (const auto& one : functions_) {
    if (one->config.name == config.name) {
      return usage_error("two functions are called '" + config.name +
                         "'; give one another FunctionName");
    }
  }
  functions_.push_back(make(std::move(config), functions_.size()));
  if (options_.prepare_ahead) functions_.back()->pool.prepare_next();
  return {};
}

void HostedFunctions::prewarm(int count) {
  for (auto& one : functions_)
    one->pool.prewarm(count);
}

const FunctionConfig* HostedFunctions::find(std::string_view name) const {
  const auto* one = hosted(name);
  return one != nullptr ? &one->config : nullptr;
}

const FunctionConfig& HostedFunctions::any() const {
  return functions_.empty() ? none_ : functions_.front()->config;
}

// Of many invokes that come at once to a function, a few are begun; when more are, says BeginPace.
// Events have a queue of their own.
void HostedFunctions::invoke(InvocationPtr invocation) {
  Hosted* one = hosted(invocation->request.function);
  if (one == nullptr || invocation->request.type != InvocationType::request_response ||
      (one->arrivals.empty() && one->pool.at_work() < BeginPace::k_begun_at_once)) {
    return begin(std::move(invocation));
  }
  one->arrivals.push_back(std::move(invocation));
  begin_later();
}

void HostedFunctions::begin_later() {
  if (std::exchange(begins_later_, true)) return;
  boost::asio::post(services_.io, [this] {
    begins_later_ = false;
    begin_some();
  });
}

void HostedFunctions::begin_next(Hosted& one) {
  InvocationPtr invocation = std::move(one.arrivals.front());
  one.arrivals.pop_front();
  begin(std::move(invocation));
}

// An invoke that is refused tells its caller at once, who may invoke again, or renew the function.
void HostedFunctions::begin_some() {
  bool more = false;
  for (std::size_t i = 0; i < functions_.size(); ++i) {
    Hosted& one = *functions_[i];
    if (one.arrivals.empty()) continue;
    if (one.pace.may_begin(one.pool.at_work(), one.pool.steps())) {
      for (int n = 0; n < BeginPace::k_begun_at_once && !one.arrivals.empty(); ++n)
        begin_next(one);
      one.pace.begun(one.pool.steps());
    }
    more = more || !functions_[i]->arrivals.empty();
  }
  if (more) begin_later();
}

void HostedFunctions::begin(InvocationPtr invocation) {
  auto& request = invocation->request;
  if (request.request_id.empty()) request.request_id = services_.ids.uuid();
  if (request.trace_id.empty()) request.trace_id = services_.ids.trace_id();
  if (!request.payload) request.payload = make_payload("{}");
  Hosted* one = hosted(request.function);
  if (one == nullptr || request.type == InvocationType::dry_run) {
    const auto refusal = one == nullptr ? Refusal::function_not_found : Refusal::none;
    return invocation->done(empty_result(request, refusal));
  }
  if (!gates_.empty() && hold(one->config.name, invocation)) return;
  one->pool.submit(std::move(invocation));
}

// Whether the invoke now waits.
bool HostedFunctions::hold(const std::string& name, InvocationPtr& invocation) {
  const auto gate = gates_.find(name);
  if (gate == gates_.end() || !gate->second.closed()) return false;
  gate->second.hold(std::move(invocation));
  return true;
}

bool HostedFunctions::takes_event(std::string_view name, std::size_t bytes) const {
  const auto* one = hosted(name);
  if (one == nullptr) return false;
  const auto gate = gates_.find(one->config.name);
  if (gate == gates_.end()) return one->pool.takes_event(bytes);
  return one->pool.takes_event(bytes + gate->second.event_bytes(), gate->second.events());
}

void HostedFunctions::hold_while(const std::string& name, std::function<bool()> changing) {
  gates_.insert_or_assign(name, InvokeGate(std::move(changing)));
}

void HostedFunctions::resume(const std::string& name) {
  const auto gate = gates_.find(name);
  Hosted* one = hosted(name);
  if (gate == gates_.end() || one == nullptr) return;
  for (auto& invocation : gate->second.open())
    one->pool.submit(std::move(invocation));
}

void HostedFunctions::recycle(std::string_view name, std::function<void()> done) {
  if (auto* one = hosted(name)) return one->pool.recycle(std::move(done));
  done();
}

void HostedFunctions::prepare_next(std::string_view name) {
  if (auto* one = hosted(name)) one->pool.prepare_next();
}

bool HostedFunctions::preparing(std::string_view name) const {
  const auto* one = hosted(name);
  return one != nullptr && one->pool.preparing();
}

ExecutionEnvironment* HostedFunctions::find_idle(std::string_view name) const {
  const auto* one = hosted(name);
  if (one == nullptr) return nullptr;
  for (const auto& environment : one->pool.environments()) {
    const bool is_idle = environment->state() == EnvironmentState::idle;
    if (is_idle && !environment->stopping()) return environment.get();
  }
  return nullptr;
}

void HostedFunctions::renew(FunctionConfig config, int provisioned) {
  for (std::size_t i = 0; i < functions_.size(); ++i) {
    auto& one = functions_[i];
    if (one->config.name != config.name) continue;
    retired_.push_back(std::move(one));
    retired_.back()->pool.retire();
    one = make(std::move(config), i);
    one->arrivals = std::exchange(retired_.back()->arrivals, {});
    one->pool.prewarm(provisioned);
    if (options_.prepare_ahead && provisioned == 0) one->pool.prepare_next();
    return end_retired();
  }
}

// Ends renewed functions once nothing runs in them; looks again until that is so.
void HostedFunctions::end_retired() {
  bool wait = false;
  for (auto& old : retired_) {
    if (old->ending) continue;
    if (old->is_busy()) {
      wait = true;
      continue;
    }
    old->ending = true;
    auto* ended = old.get();
    old->pool.stop([this, ended] {
      boost::asio::post(services_.io, [this, ended] {
        std::erase_if(retired_, [&](const auto& one) { return one.get() == ended; });
      });
    });
  }
  if (!wait) return;
  services_.timers.at(services_.clock.now() + k_retired_look, [this] { end_retired(); });
}

void HostedFunctions::stop(std::function<void()> done) {
  auto gates = std::exchange(gates_, {});
  auto left = std::make_shared<std::size_t>(functions_.size() + retired_.size());
  if (*left == 0) return done();
  auto ended = [left, done = std::move(done)] {
    if (--*left == 0) done();
  };
  for (auto* list : {&functions_, &retired_}) {
    for (auto& one : *list) {
      one->ending = true;
      one->pool.stop(ended);
    }
  }
  // By now, whoever is told and invokes again is refused like everybody.
  for (auto& one : functions_) {
    while (!one->arrivals.empty())
      begin_next(*one);
  }
  for (auto& [name, gate] : gates) {
    for (auto& held : gate.open()) {
      if (held->done) held->done(empty_result(held->request, Refusal::stopping));
    }
  }
}

std::string HostedFunctions::state_json() const {
  using Json = nlohmann::ordered_json;
  Json functions = Json::array();
  for (const auto& one : functions_) {
    Json environments = Json::array();
    for (const auto& environment : one->pool.environments()) {
      environments.push_back({{"id", environment->id()},
                              {"state", to_text(environment->state())},
                              {"pid", environment->pid()},
                              {"has_invoke", environment->has_invocation()}});
    }
    functions.push_back({{"name", one->config.name},
                         {"queued_events", one->pool.queued_events()},
                         {"environments", std::move(environments)}});
  }
  return Json{{"functions", std::move(functions)}}.dump(2);
}

}  // namespace coldframe
