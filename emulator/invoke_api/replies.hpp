// Every status, header and error body of the Invoke API, in one place. The casing of the message
// key differs by error on AWS and is kept: `Message` for not found, sizes and service errors,
// `message` for the others. Source: recorded answers of AWS, 2022–2026.
#pragma once

#include <string>
#include <string_view>

#include "emulator/invoke_api/function_name.hpp"
#include "emulator/model/invoke.hpp"
#include "emulator/net/http_message.hpp"

namespace coldframe::replies {

// Adds what every answer has: Date, content type, request id, trace id, remapped length,
// keep-alive. `trace_id` as the function sees it; the caller gets its keys in lower case. Both are
// ours, and hold no line end.
void common_fields(http::Response& response, std::string_view request_id,
                   std::string_view trace_id);

http::Response success(const InvokeResult& result);
http::Response accepted(std::string_view request_id, std::string_view trace_id);
http::Response dry_run(std::string_view request_id, std::string_view trace_id);

[[gnu::cold]] RequestFault validation(const Violations& violations);
[[gnu::cold]] RequestFault not_json(const std::string& why);
[[gnu::cold]] RequestFault bad_client_context();
[[gnu::cold]] RequestFault not_found(const std::string& arn, const std::string& qualifier);
[[gnu::cold]] RequestFault other_region(const std::string& asked, const std::string& ours);
[[gnu::cold]] RequestFault sync_too_large();
[[gnu::cold]] RequestFault event_too_large(std::size_t bytes);
// Why an accepted request did not reach its function. Precondition: not Refusal::none.
[[gnu::cold]] RequestFault refusal(Refusal refusal);
[[gnu::cold]] RequestFault unknown_operation();
[[gnu::cold]] RequestFault invoke_is_post();
[[gnu::cold]] RequestFault health_is_get();

// The same for a result with a refusal.
[[gnu::cold]] http::Response refused(const InvokeResult& result);
[[gnu::cold]] http::Response fault(const RequestFault& fault, std::string_view request_id,
                                   std::string_view trace_id);

// "Tue, 24 Nov 2026 05:53:14 GMT", made anew once a second.
std::string_view http_date();

}  // namespace coldframe::replies
