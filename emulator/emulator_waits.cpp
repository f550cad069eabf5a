// The calls of an Emulator that run its loop until something has come.
#include "emulator/emulator_house.hpp"

namespace coldframe {

InvokeResult Emulator::invoke_and_wait(InvokeRequest request) {
  // Shared, because an interrupted wait leaves the invoke behind.
  auto answer = std::make_shared<std::optional<InvokeResult>>();
  invoke(std::move(request), [answer](InvokeResult&& result) { *answer = std::move(result); });
  if (!run_until([&] { return answer->has_value(); })) {
    InvokeResult stopped;
    stopped.refusal = Refusal::stopping;
    stopped.payload = make_payload("");
    return stopped;
  }
  return std::move(**answer);
}

Result<Observation> Emulator::observe(InvokeRequest request) {
  struct Watch final : RecordSink {
    std::string request_id;
    std::optional<InvocationRecord> record;
    std::vector<InitRecord> inits;
    void on_init(const InitRecord& r) override { inits.push_back(r); }
    void on_invocation(const InvocationRecord& r) override {
      if (r.request_id == request_id) record = r;
    }
  } watch;
  struct Seen {
    std::optional<InvokeResult> result;
    TimePoint at{};
  };
  if (request.request_id.empty()) request.request_id = house_->ids.uuid();
  watch.request_id = request.request_id;
  house_->records.add(watch);
  auto seen = std::make_shared<Seen>();
  const Clock& clock = house_->services.clock;
  const auto sent = clock.now();
  invoke(std::move(request), [seen, &clock](InvokeResult&& result) {
    seen->result = std::move(result);
    seen->at = clock.now();
  });
  const bool done = run_until(
      [&] { return seen->result && (watch.record || seen->result->refusal != Refusal::none); });
  house_->records.remove(watch);
  if (!done) {
    return Error{static_cast<ExitCode>(128 + house_->interrupted), "interrupted by a signal"};
  }
  Observation observation;
  observation.latency = seen->at - sent;
  observation.result = std::move(*seen->result);
  if (watch.record) observation.record = std::move(*watch.record);
  observation.inits = std::move(watch.inits);
  if (observation.result.refusal != Refusal::none) {
    const auto& reason = observation.result.refusal_reason;
    return host_error("the invoke did not reach the function" +
                      (reason.empty() ? std::string() : ": " + reason));
  }
  return observation;
}

WorkSeen Emulator::look_for_work(const std::string& function) {
  const Clock& clock = house_->services.clock;
  Freezing& freezing = house_->freezing;
  if (freezing.said.contains(function)) return {};  // it is told once
  WorkLook look(clock.now());
  for (;;) {
    ExecutionEnvironment* one = house_->functions.find_idle(function);
    if (one == nullptr) return {};
    one->stay_awake();
    if (const auto seen = look.see(one->activity(), clock.now())) {
      if (seen->left != WorkLeft::none) freezing.told.insert(function);
      one->let_rest();
      return *seen;
    }
    auto over = std::make_shared<bool>(false);
    house_->services.timers.at(clock.now() + look.pause(), [over] { *over = true; });
    if (!run_until([&] { return *over; })) return {};
  }
}

Result<void> Emulator::recycle(const std::string& function) {
  auto done = std::make_shared<bool>(false);
  house_->functions.recycle(function, [done] { *done = true; });
  if (!run_until([&] { return *done; })) {
    return Error{static_cast<ExitCode>(128 + house_->interrupted), "interrupted by a signal"};
  }
  return {};
}

Result<void> Emulator::prepare(const std::string& function) {
  house_->functions.prepare_next(function);
  if (!run_until([&] { return !house_->functions.preparing(function); })) {
    return Error{static_cast<ExitCode>(128 + house_->interrupted), "interrupted by a signal"};
  }
  return {};
}

}  // namespace coldframe
