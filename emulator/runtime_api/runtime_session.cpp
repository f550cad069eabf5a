#include "emulator/runtime_api/runtime_session.hpp"

#include <utility>

namespace coldframe {

std::string_view to_text(RuntimeState state) {
  switch (state) {
    case RuntimeState::started:
      return "Started";
    case RuntimeState::ready:
      return "Ready";
    case RuntimeState::running:
      return "Running";
    case RuntimeState::invocation_response:
      return "InvocationResponse";
    case RuntimeState::invocation_error_response:
      return "InvocationErrorResponse";
    case RuntimeState::response_sent:
      return "RuntimeResponseSentState";
    case RuntimeState::init_error:
      return "InitError";
  }
  return "";
}

RuntimeRefusal invalid_request_id() { return {400, "InvalidRequestID", "Invalid request ID"}; }
RuntimeRefusal invalid_response_mode() {
  return {400, "InvalidFunctionResponseMode", "Invalid function response mode"};
}
RuntimeRefusal truncated_request() {
  return {400, "TruncatedHTTPRequest", "HTTP request detected as truncated"};
}
RuntimeRefusal response_too_large() {
  return {413, "RequestEntityTooLarge", "Exceeded maximum allowed payload size (6291556 bytes)."};
}

RuntimeRefusal RuntimeSession::not_allowed(std::string_view target) const {
  return {403, "InvalidStateTransition",
          "State transition from " + std::string(to_text(state_)) + " to " + std::string(target) +
              " failed for runtime. Error: State transition is not allowed"};
}

RuntimeSession::NextOutcome RuntimeSession::next() {
  switch (state_) {
    case RuntimeState::started:
      state_ = RuntimeState::ready;
      return {Next::init_complete, {}};
    case RuntimeState::ready:
      return {Next::wait, {}};
    case RuntimeState::running:
      if (request_id_.empty()) break;  // its invoke ended without it; the process is about to go
      return {Next::same_event, {}};
    case RuntimeState::response_sent:
      state_ = RuntimeState::ready;
      request_id_.clear();
      return {Next::invoke_complete, {}};
    case RuntimeState::invocation_response:
    case RuntimeState::invocation_error_response:
    case RuntimeState::init_error:
      break;
  }
  return {Next::refused, not_allowed("Ready")};
}

void RuntimeSession::deliver(std::string_view request_id, std::string_view invocation_id) {
  state_ = RuntimeState::running;
  request_id_ = request_id;
  invocation_id_ = invocation_id;
}

bool RuntimeSession::is_current(std::string_view id, std::string_view nonce) const {
  return !request_id_.empty() && id == request_id_ && (nonce.empty() || nonce == invocation_id_);
}

std::optional<RuntimeRefusal> RuntimeSession::begin_response(std::string_view id,
                                                             std::string_view nonce,
                                                             std::string_view mode) {
  if (!is_current(id, nonce)) return invalid_request_id();
  if (state_ != RuntimeState::running) return not_allowed("InvocationResponse");
  state_ = RuntimeState::invocation_response;
  if (mode.data() != nullptr && mode != "streaming") return invalid_response_mode();
  return std::nullopt;
}

std::optional<RuntimeRefusal> RuntimeSession::begin_error(std::string_view id,
                                                          std::string_view nonce) {
  if (!is_current(id, nonce)) return invalid_request_id();
  if (state_ != RuntimeState::running) return not_allowed("InvocationErrorResponse");
  state_ = RuntimeState::invocation_error_response;
  return std::nullopt;
}

void RuntimeSession::response_complete() { state_ = RuntimeState::response_sent; }

std::optional<RuntimeRefusal> RuntimeSession::init_error() {
  if (state_ != RuntimeState::started) return not_allowed("InitError");
  state_ = RuntimeState::init_error;
  return std::nullopt;
}

void RuntimeSession::reset() {
  state_ = RuntimeState::started;
  request_id_.clear();
  invocation_id_.clear();
}

}  // namespace coldframe
