#include "emulator/invoke_api/replies.hpp"

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>

#include "emulator/base/append.hpp"
#include "emulator/base/base64.hpp"

namespace coldframe::replies {
namespace {

using Json = nlohmann::ordered_json;

RequestFault make(int status, const char* code, const Json& body) {
  return {status, code, body.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

// "Root=1-…;Parent=…;Sampled=0" → "root=1-…;parent=…;sampled=0", as AWS answers.
void append_lower_keys(std::string& out, std::string_view trace) {
  std::size_t at = out.size();
  append(out, trace);
  while (at < out.size()) {
    for (; at < out.size() && out[at] != '='; ++at)
      if (out[at] >= 'A' && out[at] <= 'Z') out[at] = static_cast<char>(out[at] + 32);
    at = std::min(out.find(';', at), out.size());
  }
}

}  // namespace

std::string_view http_date() {
  static std::time_t second = 0;
  static char text[40];
  static std::size_t size = 0;
  const std::time_t now = std::time(nullptr);
  if (now != second) {
    second = now;
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    size = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc);
  }
  return {text, size};
}

void common_fields(http::Response& response, std::string_view request_id,
                   std::string_view trace_id) {
  response.announce_keep_alive = true;
  response.fields = http::spare_fields();
  auto& fields = response.fields;
  append(fields, "Date: ");
  append(fields, http_date());
  append(fields, "\r\nContent-Type: application/json\r\nx-amzn-RequestId: ");
  append(fields, request_id);
  append(fields, "\r\nx-amzn-Remapped-Content-Length: 0\r\nX-Amzn-Trace-Id: ");
  append_lower_keys(fields, trace_id);
  append(fields, "\r\n");
}

http::Response success(const InvokeResult& result) {
  http::Response r;
  common_fields(r, result.request_id, result.trace_id);
  r.field("X-Amz-Executed-Version", result.executed_version);
  if (result.function_error) r.fields += "X-Amz-Function-Error: Unhandled\r\n";
  if (!result.log_tail.empty()) r.field("X-Amz-Log-Result", base64_encode(result.log_tail));
  r.shared = result.payload;
  return r;
}

http::Response accepted(std::string_view request_id, std::string_view trace_id) {
  http::Response r;
  r.status = 202;
  common_fields(r, request_id, trace_id);
  return r;
}

http::Response dry_run(std::string_view request_id, std::string_view trace_id) {
  http::Response r;
  r.status = 204;
  common_fields(r, request_id, trace_id);
  return r;
}

RequestFault validation(const Violations& violations) {
  std::string message = std::to_string(violations.size()) + " validation error" +
                        (violations.size() == 1 ? "" : "s") + " detected: ";
  for (std::size_t i = 0; i < violations.size(); ++i)
    message += (i > 0 ? "; " : "") + violations[i];
  return make(400, "ValidationException", {{"message", message}});
}

RequestFault not_json(const std::string& why) {
  return make(400, "InvalidRequestContentException",
              {{"Type", "User"},
               {"message",
                "Could not parse request body into json: Could not parse payload into "
                "json: " +
                    why}});
}

RequestFault bad_client_context() {
  return make(400, "InvalidRequestContentException",
              {{"Type", nullptr},
               {"message", "Client context must be a valid Base64-encoded JSON object."}});
}

RequestFault not_found(const std::string& arn, const std::string& qualifier) {
  return make(404, "ResourceNotFoundException",
              {{"Type", "User"},
               {"Message",
                "Function not found: " + arn + ":" + (qualifier.empty() ? "$LATEST" : qualifier)}});
}

RequestFault other_region(const std::string& asked, const std::string& ours) {
  return make(404, "ResourceNotFoundException",
              {{"Type", "User"},
               {"Message", "Functions from '" + asked + "' are not reachable in this region ('" +
                               ours + "')"}});
}

RequestFault sync_too_large() {
  return make(
      413, "RequestEntityTooLargeException",
      {{"Message", "Request must be smaller than 6291456 bytes for the InvokeFunction operation"}});
}

RequestFault event_too_large(std::size_t bytes) {
  return make(413, "RequestEntityTooLargeException",
              {{"Message", std::to_string(bytes) +
                               " byte payload is too large for the Event invocation type (limit "
                               "1048576 bytes)"}});
}

namespace {

RequestFault throttled(bool reserved) {
  return make(429, "TooManyRequestsException",
              {{"Reason", reserved ? "ReservedFunctionConcurrentInvocationLimitExceeded"
                                   : "ConcurrentInvocationLimitExceeded"},
               {"Type", "User"},
               {"message", "Rate Exceeded."}});
}

RequestFault service_error(const std::string& message) {
  return make(500, "ServiceException", {{"Type", "Service"}, {"Message", message}});
}

}  // namespace

RequestFault refusal(Refusal refusal) {
  switch (refusal) {
    case Refusal::throttled:
      return throttled(false);
    case Refusal::reserved_throttled:
      return throttled(true);
    case Refusal::stopping:
      return service_error("The emulator is stopping.");
    case Refusal::no_environment:
      return service_error("The emulator could not open an execution environment.");
    case Refusal::function_not_found:
    case Refusal::none:
      break;
  }
  return service_error("The function is gone.");
}

RequestFault unknown_operation() {
  return make(404, "UnknownOperationException",
              {{"message",
                "No such operation here; invoke with POST "
                "/2015-03-31/functions/NAME/invocations"}});
}

namespace {

RequestFault wrong_method(std::string_view allowed, const char* message) {
  RequestFault fault = make(405, "MethodNotAllowedException", {{"message", message}});
  fault.allowed_methods = allowed;
  return fault;
}

}  // namespace

RequestFault invoke_is_post() { return wrong_method("POST", "Invoke is a POST"); }

RequestFault health_is_get() {
  return wrong_method("GET, HEAD",
                      "The health check is a GET; invoke with POST "
                      "/2015-03-31/functions/NAME/invocations");
}

http::Response fault(const RequestFault& fault, std::string_view request_id,
                     std::string_view trace_id) {
  http::Response r;
  r.status = fault.status;
  r.text = fault.body;
  common_fields(r, request_id, trace_id);
  r.field("x-amzn-ErrorType", fault.code);
  if (fault.status == 429) r.fields += "Retry-After: 1\r\n";
  if (!fault.allowed_methods.empty()) r.field("Allow", fault.allowed_methods);
  return r;
}

http::Response refused(const InvokeResult& result) {
  return fault(refusal(result.refusal), result.request_id, result.trace_id);
}

}  // namespace coldframe::replies
