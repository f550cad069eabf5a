#include "emulator/runtime_api/runtime_api.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "emulator/base/limits.hpp"

namespace coldframe {
namespace {

http::Response refuse(const RuntimeRefusal& refusal) {
  nlohmann::ordered_json body{{"errorMessage", refusal.message}, {"errorType", refusal.type}};
  return http::Response::json(refusal.status, body.dump() + "\n");
}

http::Response accepted() { return http::Response::json(202, "{\"status\":\"OK\"}\n"); }

// A header value must stay on one line; in JSON a raw line end can only be white space.
std::string one_line(std::string_view json) {
  std::string out(json);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
  return out;
}

void field_if(http::Response& response, std::string_view name, std::string_view value) {
  if (!value.empty()) response.field(name, value);
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
    if (ends_invoke) events_.on_answer({AnswerKind::bad_mode, make_payload(""), "", ""});
    return;
  }
  switch (route_runtime_request(exchange->request.method, exchange->request.path()).route) {
    case RuntimeRoute::next:
      return next(exchange);
    case RuntimeRoute::ping:
      return exchange->reply(http::Response::plain(200, "pong"));
    case RuntimeRoute::not_found:
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

void RuntimeApi::deliver(RuntimeEvent event) {
  session_.deliver(event.request_id, event.invocation_id);
  running_ = std::move(event);
  // The event stays here until the runtime has answered: a poll whose client is gone by now loses
  // nothing, the next one gets the same event.
  auto polls = std::move(polls_);
  polls_.clear();
  for (auto& poll : polls)
    poll->reply(event_reply());
  if (polls.capacity() < 8) {
    polls.clear();
    polls_ = std::move(polls);
  }
}

http::Response RuntimeApi::event_reply() const {
  http::Response r;
  r.fields.reserve(512);
  r.field("Content-Type", "application/json");
  r.field("Lambda-Runtime-Aws-Request-Id", running_.request_id);
  r.field("Lambda-Runtime-Deadline-Ms", std::to_string(running_.deadline_ms));
  r.field("Lambda-Runtime-Invoked-Function-Arn", running_.function_arn);
  field_if(r, "Lambda-Runtime-Trace-Id", running_.trace_id);
  field_if(r, "Lambda-Runtime-Invocation-Id", running_.invocation_id);
  if (!running_.client_context.empty()) {
    r.field("Lambda-Runtime-Client-Context", one_line(running_.client_context));
  }
  if (!running_.cognito_identity.empty()) {
    r.field("Lambda-Runtime-Cognito-Identity", one_line(running_.cognito_identity));
  }
  field_if(r, "Lambda-Runtime-Aws-Tenant-Id", running_.tenant_id);
  r.shared = running_.payload;
  return r;
}

void RuntimeApi::release() {
  session_.release();
  running_ = {};
}

void RuntimeApi::finish_response(const http::ExchangePtr& exchange) {
  session_.response_complete();
  auto& request = exchange->request;
  RuntimeAnswer answer;
  answer.content_type = request.headers.find("Content-Type");
  std::optional<RuntimeRefusal> refusal;
  switch (exchange->body_state) {
    case http::BodyState::complete:
      answer.body = make_payload(std::move(request.body));
      break;
    case http::BodyState::truncated:
      answer.kind = AnswerKind::truncated;
      refusal = truncated_request();
      break;
    case http::BodyState::too_large:
      answer.kind = AnswerKind::too_large;
      refusal = response_too_large();
      break;
  }
  // The caller first: it is the one that waits.
  events_.on_answer(std::move(answer));
  exchange->reply(refusal ? refuse(*refusal) : accepted());
}

void RuntimeApi::finish_error(const http::ExchangePtr& exchange) {
  session_.response_complete();
  auto& request = exchange->request;
  RuntimeAnswer answer;
  answer.kind = AnswerKind::error;
  answer.content_type = request.headers.find("Content-Type");
  answer.error_type = clean_error_type(request.headers.find("Lambda-Runtime-Function-Error-Type"));
  std::optional<RuntimeRefusal> refusal;
  switch (exchange->body_state) {
    case http::BodyState::truncated:
      answer.kind = AnswerKind::truncated;
      refusal = truncated_request();
      break;
    case http::BodyState::too_large:
      answer.kind = AnswerKind::too_large;
      refusal = response_too_large();
      break;
    case http::BodyState::complete: {
      std::string body = std::move(request.body);
      if (answer.content_type.starts_with("application/vnd.aws.lambda.error.cause+json")) {
        body = strip_error_cause(body).value_or("\"Invalid error body\"");
      }
      answer.body = make_payload(std::move(body));
      break;
    }
  }
  events_.on_answer(std::move(answer));
  exchange->reply(refusal ? refuse(*refusal) : accepted());
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
}

void RuntimeApi::reset() {
  polls_.clear();
  running_ = {};
  server_.drop_connections();
  session_.reset();
}

}  // namespace coldframe
