// The runtime's state machine: which call is allowed when, and what a refused one is told.
// Pure: no I/O, no clock. One per execution environment, reset with it.
//
//   session.next()            Started → Ready: init is complete
//   session.deliver(id, n)    Ready → Running
//   session.begin_response(…) Running → InvocationResponse, or a refusal
//
// State names stand in the text that AWS's runtimes see; source: the Runtime Interface Emulator's
// states and error bodies, checked 2026-11. Transitions cannot be undone, so ids are checked first.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace coldframe {

enum class RuntimeState {
  started,
  ready,
  running,
  invocation_response,
  invocation_error_response,
  response_sent,
  init_error,
};

// "Started", "Ready", "Running", "InvocationResponse", …, "RuntimeResponseSentState", "InitError".
std::string_view to_text(RuntimeState state);

// An error body of the Runtime API.
struct RuntimeRefusal {
  int status = 400;
  std::string type;
  std::string message;
};

[[gnu::cold]] RuntimeRefusal invalid_request_id();
[[gnu::cold]] RuntimeRefusal invalid_response_mode();
[[gnu::cold]] RuntimeRefusal truncated_request();
[[gnu::cold]] RuntimeRefusal response_too_large();

class RuntimeSession {
 public:
  enum class Next {
    init_complete,    // first call: wait for an event
    wait,             // wait for an event
    same_event,       // an event is running: hand the same one out again, at once
    invoke_complete,  // the answered invoke has ended; wait for an event
    refused,
  };
  struct NextOutcome {
    Next what;
    std::optional<RuntimeRefusal> refusal;
  };

  NextOutcome next();

  // The slot takes an event; allowed in Ready only (the caller checks can_deliver()).
  void deliver(std::string_view request_id, std::string_view invocation_id);
  bool can_deliver() const { return state_ == RuntimeState::ready; }

  // The head of a POST /response or /error. `nonce`: the echoed Lambda-Runtime-Invocation-Id, empty
  // if not sent. `mode`: the response-mode header, data() == nullptr if not sent. A bad mode is
  // refused after the transition, as on AWS: the invoke is over, the runtime cannot answer again.
  // An error has no mode: there the header is not looked at (source: RIE's handler of /error).
  std::optional<RuntimeRefusal> begin_response(std::string_view id, std::string_view nonce,
                                               std::string_view mode);
  std::optional<RuntimeRefusal> begin_error(std::string_view id, std::string_view nonce);
  // The body is in (or was cut off, or too long): the answer is settled.
  void response_complete();
  std::optional<RuntimeRefusal> init_error();

  // The invoke is over without the runtime (timeout, exit): late posts find no such id.
  void release() { request_id_.clear(); }
  void reset();
  RuntimeState state() const { return state_; }
  const std::string& request_id() const { return request_id_; }

 private:
  bool is_current(std::string_view id, std::string_view nonce) const;
  [[gnu::cold]] RuntimeRefusal not_allowed(std::string_view target) const;

  RuntimeState state_ = RuntimeState::started;
  std::string request_id_;
  std::string invocation_id_;
};

}  // namespace coldframe
