// What a caller asks for and what comes back: the nouns of the Invoke API, without HTTP.
//
//   InvokeRequest request{.function = "scoring", .payload = make_payload("{}")};
//   emulator.invoke(std::move(request), [](InvokeResult result) { … });
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "emulator/model/payload.hpp"
#include "emulator/model/record.hpp"

namespace coldframe {

enum class InvocationType { request_response, event, dry_run };

struct InvokeRequest {
  std::string function{};   // plain name
  std::string qualifier{};  // as the caller wrote it; empty if none
  InvocationType type = InvocationType::request_response;
  Payload payload{};
  bool log_tail = false;
  std::string client_context{};    // JSON, decoded; empty if none
  std::string cognito_identity{};  // JSON; empty if none
  std::string tenant_id{};
  std::string trace_id{};    // "Root=…;Parent=…;Sampled=0"; empty: made up
  std::string request_id{};  // empty: made up when the request is accepted
};

// Why a request did not reach the function. The Invoke API turns it into AWS's HTTP error.
enum class Refusal {
  none,
  function_not_found,
  throttled,
  reserved_throttled,
  stopping,
  no_environment,  // none could be opened here (descriptors, ports): our failure, not a throttle
};

struct InvokeResult {
  Refusal refusal = Refusal::none;
  std::string refusal_reason{};  // of no_environment: "cannot make a pipe: too many open files"
  std::string request_id{};
  std::string trace_id{};          // the request's
  std::string executed_version{};  // "$LATEST"
  Payload payload{};               // answer of the function, or AWS's error JSON
  bool function_error = false;     // X-Amz-Function-Error: Unhandled
  InvocationStatus status = InvocationStatus::ok;
  std::string log_tail{};  // last 4096 bytes, if asked for
};

using InvokeDone = std::function<void(InvokeResult&&)>;

// One invoke on its way, passed from hand to hand; never null. `done` is called exactly once.
struct Invocation {
  InvokeRequest request{};
  InvokeDone done{};
};
using InvocationPtr = std::unique_ptr<Invocation>;

}  // namespace coldframe
