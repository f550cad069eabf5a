#include "emulator/runtime_api/runtime_api.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "emulator/base/append.hpp"
#include "emulator/base/limits.hpp"

namespace coldframe {
namespace {

[[gnu::cold]] http::Response refuse(const RuntimeRefusal& refusal) {
  nlohmann::ordered_json body{{"errorMessage", refusal.message}, {"errorType", refusal.type}};
  return http::Response::json(refusal.status, body.dump() + "\n");
}

http::Response accepted() {
  static const auto k_body = std::make_shared<const std::string>("{\"status\":\"OK\"}\n");
  http::Response r;
  r.status = 202;
  r.preset = "Content-Type: application/json\r\n";
  r.shared = k_body;
  return r;
}

void field_if(http::Response& response, std::string_view name, std::string_view value) {
  if (!value.empty()) response.field(name, value);
}

// A header value must stay on one line; in JSON a raw line end can only be white space.
void json_field_if(http::Response& response, std::string_view name, std::string_view json) {
  if (json.empty()) return;
  std::string out(json);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
  response.field(name, out);
}

}  // namespace

RuntimeApi::RuntimeApi(boost::asio::io_context& io, RuntimeEvents& events)
    : server_(io, *this,
              {.header_limit = limits::k_runtime_header_bytes,
               .max_connections = 256,
               .half_close_is_gone = true}),
      events_(events) {}

Result<std::uint16_t> RuntimeApi::listen(const std::string& host) {
  return server_.listen(host, 0);
}

// Whether a post is allowed is decided, and the state moved on, before its body is there; a refusal
// waits in the exchange's note until the body was read and dropped.
void RuntimeApi::on_head(http::Exchange& exchange) {
  const auto& request = exchange.request;
  const auto target = route_runtime_request(request.method, request.path());
  const auto nonce = request.headers.find("Lambda-Runtime-Invocation-Id");
  std::optional<RuntimeRefusal> refusal;
  switch (target.route) {
    case RuntimeRoute::response:
      refusal = session_.begin_response(
          target.request_id, nonce, request.headers.find("Lambda-Runtime-Function-Response-Mode"));
      break;
    case RuntimeRoute::error:
      refusal = session_.begin_error(target.request_id, nonce);
      break;
    case RuntimeRoute::init_error:
      refusal = session_.init_error();
      break;
    case RuntimeRoute::not_found:
      if (auto* other = other_api(request.path())) other->on_head(exchange);
      return;
    default:
      return;
  }
  if (refusal) {
    exchange.note = std::move(*refusal);
  } else {
    exchange.body_limit = limits::k_response_bytes;
  }
}

void RuntimeApi::on_request(const http::ExchangePtr& exchange) {
  if (const auto* refusal = std::any_cast<RuntimeRefusal>(&exchange->note)) {
    const bool ends_invoke = refusal->type == "InvalidFunctionResponseMode";
    exchange->reply(refuse(*refusal));
    if (ends_invoke) events_.on_answer({AnswerKind::bad_mode, nullptr, ""});
    return;
  }
  switch (route_runtime_request(exchange->request.method, exchange->request.path()).route) {
    case RuntimeRoute::next:
      return next(exchange);
    case RuntimeRoute::ping:
      return exchange->reply(http::Response::plain(200, "pong"));
    case RuntimeRoute::not_found:
      if (auto* other = other_api(exchange->request.path())) return other->on_request(exchange);
      return exchange->reply(http::Response::plain(404, "404 page not found\n"));
    case RuntimeRoute::method_not_allowed:
      return exchange->reply(http::Response::plain(405, ""));
    case RuntimeRoute::response:
      return finish_response(exchange);
    case RuntimeRoute::error:
      return finish_error(exchange);
    case RuntimeRoute::init_error:
      return finish_init_error(exchange);
  }
}

void RuntimeApi::next(const http::ExchangePtr& exchange) {
  auto outcome = session_.next();
  switch (outcome.what) {
    case RuntimeSession::Next::refused:
      exchange->reply(refuse(*outcome.refusal));
      return;
    case RuntimeSession::Next::same_event:
      exchange->reply(event_reply());
      return;
    case RuntimeSession::Next::init_complete:
      polls_.push_back(exchange);
      events_.on_init_complete();
      return;
    case RuntimeSession::Next::wait:
      polls_.push_back(exchange);
      return;
    case RuntimeSession::Next::invoke_complete:
      polls_.push_back(exchange);
      events_.on_invoke_complete();
      return;
  }
}

void RuntimeApi::deliver() {
  session_.deliver(running_.request_id, running_.invocation_id);
  // The event stays here until the runtime has answered: a poll whose client is gone by now loses
  // nothing, the next one gets the same event.
  while (!polls_.empty() && session_.state() == RuntimeState::running) {
    const auto poll = std::move(polls_.back());
    polls_.pop_back();
    poll->reply(event_reply());
  }
}

http::Response RuntimeApi::event_reply() const {
  http::Response r;
  r.fields = http::spare_fields();
  append(r.fields, "Content-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: ");
  append(r.fields, running_.request_id);
  append(r.fields, "\r\nLambda-Runtime-Deadline-Ms: ");
  append(r.fields, running_.deadline_ms);
  append(r.fields, "\r\nLambda-Runtime-Invocation-Id: ");
  append(r.fields, running_.invocation_id);
  append(r.fields, "\r\nLambda-Runtime-Invoked-Function-Arn: ");
  append(r.fields, running_.function_arn);
  append(r.fields, "\r\n");
  field_if(r, "Lambda-Runtime-Trace-Id", running_.trace_id);
  field_if(r, "Lambda-Runtime-Aws-Tenant-Id", running_.tenant_id);
  json_field_if(r, "Lambda-Runtime-Client-Context", running_.client_context);
  json_field_if(r, "Lambda-Runtime-Cognito-Identity", running_.cognito_identity);
  r.shared = running_.payload;
  return r;
}

void RuntimeApi::release() {
  session_.release();
  running_.payload.reset();
}

void RuntimeApi::finish_response(const http::ExchangePtr& exchange) {
  session_.response_complete();
  if (exchange->body_state != http::BodyState::complete) return finish_badly(exchange);
  // The caller first: it is the one that waits.
  events_.on_answer({AnswerKind::response, make_payload(std::move(exchange->request.body)), ""});
  exchange->reply(accepted());
}

void RuntimeApi::finish_error(const http::ExchangePtr& exchange) {
  session_.response_complete();
  if (exchange->body_state != http::BodyState::complete) return finish_badly(exchange);
  auto& request = exchange->request;
  std::string body = std::move(request.body);
  if (request.headers.find("Content-Type")
          .starts_with("application/vnd.aws.lambda.error.cause+json")) {
    body = strip_error_cause(body).value_or("\"Invalid error body\"");
  }
  events_.on_answer({AnswerKind::error, make_payload(std::move(body)),
                     clean_error_type(request.headers.find("Lambda-Runtime-Function-Error-Type"))});
  exchange->reply(accepted());
}

// The answer was cut off or is too long.
void RuntimeApi::finish_badly(const http::ExchangePtr& exchange) {
  const bool truncated = exchange->body_state == http::BodyState::truncated;
  events_.on_answer({truncated ? AnswerKind::truncated : AnswerKind::too_large, nullptr, ""});
  exchange->reply(refuse(truncated ? truncated_request() : response_too_large()));
}

void RuntimeApi::finish_init_error(const http::ExchangePtr& exchange) {
  auto& request = exchange->request;
  if (exchange->body_state == http::BodyState::complete) {
    events_.on_init_error(
        std::move(request.body),
        clean_error_type(request.headers.find("Lambda-Runtime-Function-Error-Type")));
    exchange->reply(accepted());
  } else {
    exchange->reply(refuse(exchange->body_state == http::BodyState::truncated
                               ? truncated_request()
                               : response_too_large()));
  }
}

void RuntimeApi::on_peer_gone(http::Exchange& exchange) {
  std::erase_if(polls_, [&](const http::ExchangePtr& poll) { return poll.get() == &exchange; });
  if (other_ != nullptr) other_->on_peer_gone(exchange);
}

http::Handler* RuntimeApi::other_api(std::string_view path) {
  auto* other = events_.other_api(path);
  if (other != nullptr) other_ = other;
  return other;
}

void RuntimeApi::reset() {
  polls_.clear();
  running_ = {};
  server_.drop_connections();
  session_.reset();
}

}  // namespace coldframe
