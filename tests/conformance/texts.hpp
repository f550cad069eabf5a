// The exact texts that runtimes and callers see, written down once, independently of the emulator.
#pragma once

#include <string>

namespace coldframe::testing {

// Bodies of the Runtime API: compact JSON and a line end.
inline std::string refusal(const std::string& message, const std::string& type) {
  return R"({"errorMessage":")" + message + R"(","errorType":")" + type + "\"}\n";
}
inline std::string not_allowed(const std::string& from, const std::string& to) {
  return refusal("State transition from " + from + " to " + to +
                     " failed for runtime. Error: State transition is not allowed",
                 "InvalidStateTransition");
}
inline const std::string k_accepted = "{\"status\":\"OK\"}\n";
inline const std::string k_invalid_id = refusal("Invalid request ID", "InvalidRequestID");
inline const std::string k_bad_mode =
    refusal("Invalid function response mode", "InvalidFunctionResponseMode");
inline const std::string k_truncated =
    refusal("HTTP request detected as truncated", "TruncatedHTTPRequest");
inline const std::string k_response_too_large =
    refusal("Exceeded maximum allowed payload size (6291556 bytes).", "RequestEntityTooLarge");

// Payloads that a caller gets from the platform: no line end.
inline std::string platform_error(const std::string& type, const std::string& id,
                                  const std::string& reason) {
  return R"({"errorType":")" + type + R"(","errorMessage":"RequestId: )" + id +
         " Error: " + reason + "\"}";
}
inline std::string exit_error(const std::string& id, const std::string& reason) {
  return platform_error("Runtime.ExitError", id, reason);
}
inline std::string timed_out(const std::string& id, const std::string& seconds) {
  return platform_error("Sandbox.Timedout", id, "Task timed out after " + seconds + " seconds");
}
inline const std::string k_oversize =
    R"({"errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 )"
    R"(bytes).","errorType":"Function.ResponseSizeTooLarge"})";

}  // namespace coldframe::testing
