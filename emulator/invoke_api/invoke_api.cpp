#include "emulator/invoke_api/invoke_api.hpp"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "emulator/base/base64.hpp"
#include "emulator/base/limits.hpp"
#include "emulator/invoke_api/replies.hpp"

namespace coldframe {
namespace {

constexpr std::string_view k_prefix = "/2015-03-31/functions/";
constexpr std::string_view k_suffix = "/invocations";

// `type` stays as it is where the text is none.
void read_type(std::string_view text, InvocationType& type, Violations& violations) {
  if (text.empty() || text == "RequestResponse") {
    type = InvocationType::request_response;
  } else if (text == "Event") {
    type = InvocationType::event;
  } else if (text == "DryRun") {
    type = InvocationType::dry_run;
  } else {
    violations.push_back(
        violation(text, "invocationType",
                  "Member must satisfy enum value set: [Event, RequestResponse, DryRun]"));
  }
}

std::optional<std::string> decode_client_context(std::string_view text) {
  if (text.size() > limits::k_client_context_bytes) return std::nullopt;
  auto decoded = base64_decode(text);
  if (!decoded) return std::nullopt;
  auto json = nlohmann::json::parse(*decoded, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  return decoded;
}

bool is_tenant_id(std::string_view text) {
  return text.size() <= 256 && std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::isalnum(c) || std::string_view("._:/=+-@ ").find(static_cast<char>(c)) !=
                                         std::string_view::npos;
         });
}

// The Root of "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=…", if it looks like one.
std::string_view trace_root(std::string_view header) {
  const auto at = header.find("Root=");
  if (at == std::string_view::npos) return {};
  auto root = header.substr(at + 5);
  root = root.substr(0, root.find(';'));
  const bool plain = std::all_of(root.begin(), root.end(),
                                 [](unsigned char c) { return std::isxdigit(c) || c == '-'; });
  return plain && root.size() == 35 && root.starts_with("1-") ? root : std::string_view();
}

// Whether the parts of an ARN and the qualifier, as far as they are given, name `function`.
bool is_ours(const FunctionReference& reference, const FunctionConfig& function) {
  if (!reference.region.empty() && reference.region != function.region) return false;
  if (!reference.account.empty() && reference.account != function.account) return false;
  return reference.qualifier.find('$') == std::string::npos || reference.qualifier == "$LATEST" ||
         reference.qualifier == "$LATEST.PUBLISHED";
}

}  // namespace

InvokeTarget route_invoke_request(http::Method method, std::string_view target) {
  const auto question = target.find('?');
  const auto path = target.substr(0, question);
  auto query =
      question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
  InvokeTarget out;
  if (path == "/healthz" || path == "/") {
    const bool read = method == http::Method::get || method == http::Method::head;
    out.route = read ? InvokeRoute::health : InvokeRoute::health_is_get;
    return out;
  }
  if (!path.starts_with(k_prefix) || !path.ends_with(k_suffix) ||
      path.size() <= k_prefix.size() + k_suffix.size()) {
    return out;
  }
  out.function_name = path.substr(k_prefix.size(), path.size() - k_prefix.size() - k_suffix.size());
  if (out.function_name.find('/') != std::string_view::npos) return out;
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const auto item = query.substr(0, end);
    if (item.starts_with("Qualifier=")) out.qualifier = item.substr(10);
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  out.route = method == http::Method::post ? InvokeRoute::invoke : InvokeRoute::invoke_is_post;
  return out;
}

InvokeApi::InvokeApi(boost::asio::io_context& io, FunctionDirectory& directory, IdSource& ids)
    : server_(io, *this, {.header_limit = limits::k_invoke_header_bytes}),
      directory_(directory),
      ids_(ids) {}

void InvokeApi::on_head(http::Exchange& exchange) {
  exchange.body_limit = limits::k_sync_request_bytes;
}

void InvokeApi::on_request(const http::ExchangePtr& exchange) {
  const InvokeTarget target =
      route_invoke_request(exchange->request.method, exchange->request.target);
  switch (target.route) {
    case InvokeRoute::health:
      exchange->reply(http::Response::plain(200, "ok\n"));
      return;
    case InvokeRoute::not_found:
      exchange->reply(replies::fault(replies::unknown_operation(), ids_.uuid(), ids_.trace_id()));
      return;
    case InvokeRoute::invoke_is_post:
      exchange->reply(replies::fault(replies::invoke_is_post(), ids_.uuid(), ids_.trace_id()));
      return;
    case InvokeRoute::health_is_get:
      exchange->reply(replies::fault(replies::health_is_get(), ids_.uuid(), ids_.trace_id()));
      return;
    case InvokeRoute::invoke:
      invoke(exchange, target);
      return;
  }
}

std::optional<RequestFault> InvokeApi::read_headers(const http::Headers& headers,
                                                    InvokeRequest& request,
                                                    Violations& violations) {
  read_type(headers.find("X-Amz-Invocation-Type"), request.type, violations);
  const auto log_type = headers.find("X-Amz-Log-Type");
  if (!log_type.empty() && log_type != "None" && log_type != "Tail") {
    violations.push_back(
        violation(log_type, "logType", "Member must satisfy enum value set: [None, Tail]"));
  }
  const bool sync = request.type == InvocationType::request_response;
  request.log_tail = sync && log_type == "Tail";
  const auto tenant = headers.find("X-Amz-Tenant-Id");
  if (!is_tenant_id(tenant)) {
    violations.push_back(
        violation(tenant, "tenantId",
                  "Member must satisfy regular expression pattern: [a-zA-Z0-9\\._:\\/=+\\-@ ]+"));
  }
  if (!violations.empty()) return replies::validation(violations);
  request.tenant_id = tenant;
  if (const auto context = headers.find("X-Amz-Client-Context"); !context.empty()) {
    auto decoded = decode_client_context(context);
    if (!decoded) return replies::bad_client_context();
    if (sync) request.client_context = std::move(*decoded);  // not delivered to Event invokes
  }
  return std::nullopt;
}

// What of the path is no function of ours, in the service's words.
[[gnu::cold]] RequestFault InvokeApi::no_such_function(const FunctionReference& reference) const {
  const FunctionConfig* function = directory_.find(reference.name);
  const FunctionConfig& house = function != nullptr ? *function : directory_.any();
  if (!reference.region.empty() && reference.region != house.region) {
    return replies::other_region(reference.region, house.region);
  }
  const auto& account = reference.account.empty() ? house.account : reference.account;
  return replies::not_found(
      "arn:aws:lambda:" + house.region + ":" + account + ":function:" + reference.name,
      reference.qualifier);
}

// A name that is no function's as it stands: it may be one as an ARN, or escaped, or wrong. In the
// order of the service's checks.
std::variant<const FunctionConfig*, RequestFault> InvokeApi::look_up(const http::Headers& headers,
                                                                     const InvokeTarget& target,
                                                                     InvokeRequest& request) {
  Violations violations;
  auto parsed = parse_function_reference(target.function_name, target.qualifier, violations);
  if (auto* fault = std::get_if<RequestFault>(&parsed)) return std::move(*fault);
  auto& reference = std::get<FunctionReference>(parsed);
  if (auto fault = read_headers(headers, request, violations)) return std::move(*fault);
  const FunctionConfig* function = directory_.find(reference.name);
  if (function == nullptr || !is_ours(reference, *function)) return no_such_function(reference);
  request.qualifier = std::move(reference.qualifier);
  return function;
}

// Fills `request`, or says why it is refused.
std::optional<RequestFault> InvokeApi::accept(http::Exchange& exchange, const InvokeTarget& target,
                                              InvokeRequest& request) {
  auto& http = exchange.request;
  if (exchange.body_state == http::BodyState::too_large) return replies::sync_too_large();
  const auto* function = target.qualifier ? nullptr : directory_.find(target.function_name);
  if (function != nullptr) {
    Violations violations;
    if (auto fault = read_headers(http.headers, request, violations)) return fault;
  } else {
    auto found = look_up(http.headers, target, request);
    if (auto* fault = std::get_if<RequestFault>(&found)) return std::move(*fault);
    function = std::get<const FunctionConfig*>(found);
  }
  if (request.type == InvocationType::event && http.body.size() > limits::k_event_request_bytes) {
    return replies::event_too_large(http.body.size());
  }
  if (http.body.empty()) {
    http.body = "{}";
  } else if (auto why = payload_check_.fault(http.body)) {
    return replies::not_json(*why);
  }
  request.function = function->name;
  request.payload = make_payload(std::move(http.body));
  return std::nullopt;
}

void InvokeApi::invoke(const http::ExchangePtr& exchange, const InvokeTarget& target) {
  auto invocation = std::make_unique<Invocation>();
  auto& request = invocation->request;
  request.request_id = ids_.uuid();
  request.trace_id = ids_.trace_id(trace_root(exchange->request.headers.find("X-Amzn-Trace-Id")));
  if (exchange->body_state == http::BodyState::truncated) {
    return exchange->reply(http::Response::plain(400, "truncated request\n"));
  }
  if (const auto fault = accept(*exchange, target, request)) {
    return exchange->reply(replies::fault(*fault, request.request_id, request.trace_id));
  }
  switch (request.type) {
    case InvocationType::dry_run:
      exchange->reply(replies::dry_run(request.request_id, request.trace_id));
      return;
    case InvocationType::event:
      if (!directory_.takes_event(request.function, request.payload->size())) {
        return exchange->reply(replies::fault(replies::refusal(Refusal::throttled),
                                              request.request_id, request.trace_id));
      }
      exchange->reply(replies::accepted(request.request_id, request.trace_id));
      invocation->done = [](InvokeResult&&) {};
      directory_.invoke(std::move(invocation));
      return;
    case InvocationType::request_response:
      invocation->done = [exchange](InvokeResult&& result) {
        exchange->reply(result.refusal == Refusal::none ? replies::success(result)
                                                        : replies::refused(result));
      };
      directory_.invoke(std::move(invocation));
      return;
  }
}

}  // namespace coldframe
