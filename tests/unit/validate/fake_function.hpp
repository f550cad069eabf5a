// A function without a process: answers from a lambda, one environment at a time.
//
//   FakeFunction function([](const FakeCall& call) { return answer(R"({"n":1})"); });
//   function.starts()                         // how many environments there have been
//
// The lambda returns an Observation or an Error; cold, environment id and request id are filled in.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "emulator/model/function_under_test.hpp"

namespace coldframe::testing {

struct FakeCall {
  std::string event;
  int start = 0;  // which environment, from 1
  int call = 0;   // which call in it, from 1
  bool cold() const { return call == 1; }
};

inline Observation answer(std::string payload) {
  Observation observation;
  observation.result.payload = make_payload(std::move(payload));
  observation.record.duration = std::chrono::milliseconds(5);
  observation.latency = std::chrono::milliseconds(6);
  return observation;
}

inline Observation broken(InvocationStatus status, std::string payload) {
  Observation observation = answer(std::move(payload));
  observation.result.status = status;
  observation.record.status = status;
  observation.result.function_error = true;
  return observation;
}

class FakeFunction final : public FunctionUnderTest {
 public:
  using Answer = std::function<Result<Observation>(const FakeCall&)>;
  explicit FakeFunction(Answer answer) : answer_(std::move(answer)) {}

  Result<Observation> invoke(std::string_view event) override {
    if (!alive_) {
      alive_ = true;
      call_ = 0;
      ++starts_;
    }
    FakeCall call{std::string(event), starts_, ++call_};
    calls_.push_back(call);
    Result<Observation> observation = answer_(call);
    if (!observation) return observation;
    InvocationRecord& record = observation.value().record;
    record.cold = call.cold();
    record.environment_id = "env-" + std::to_string(starts_);
    const InvocationStatus status = observation.value().result.status;
    const bool started = status == InvocationStatus::ok ||
                         status == InvocationStatus::function_error || reached_next_;
    if (record.cold && started && reports_init_ && !record.init)
      record.init = std::chrono::milliseconds(100);
    if (record.cold) {
      InitRecord init;
      init.status = started && reports_init_ ? InitStatus::success : InitStatus::error;
      observation.value().inits.push_back(init);
    }
    if (!started && record.cold) record.never_started = true;
    if (!started || status == InvocationStatus::timeout || status == InvocationStatus::exit) {
      alive_ = false;
    }
    return observation;
  }

  Result<void> recycle() override {
    alive_ = false;
    ++recycles_;
    return {};
  }

  // From now on a timeout or exit in the first call happens after init.
  void fail_after_init() { reached_next_ = true; }
  // As after a first init that failed and a second one that worked.
  void without_init_duration() { reports_init_ = false; }
  int starts() const { return starts_; }
  int recycles() const { return recycles_; }
  const std::vector<FakeCall>& calls() const { return calls_; }

 private:
  Answer answer_;
  bool alive_ = false;
  bool reached_next_ = false;
  bool reports_init_ = true;
  int starts_ = 0;
  int recycles_ = 0;
  int call_ = 0;
  std::vector<FakeCall> calls_;
};

}  // namespace coldframe::testing
