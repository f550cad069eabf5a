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

void field_if(http::Response& response, std::string_view name, const std::string& value) {
  if (!value.empty()) response.field(name, value);
}

}  // namespace

// What on_head() decided about a post, kept until its body is there.
struct RuntimeApi::Post {
  RuntimeTarget target;
  std::optional<RuntimeRefusal> refusal;
  bool settles_invoke = false;  // refused, but the invoke ends by it (bad response mode)
};

RuntimeApi::RuntimeApi(boost::asio::io_context& io, RuntimeEvents& events)
    : server_(io, *this,
              {.header_limit = limits::k_runtime_header_bytes,
               .max_connections = 1024,
               .half_close_is_gone = true}),
      events_(events) {}

Result<std::uint16_t> RuntimeApi::listen(const std::string& host) {
  return server_.listen(host, 0);
}

void RuntimeApi::on_head(http::Exchange& exchange) {
  const auto& request = exchange.request;
  Post post{route_runtime_request(request.method, request.path()), {}, false};
  const auto nonce = request.headers.find("Lambda-Runtime-Invocation-Id");
  exchange.body_limit = limits::k_response_bytes;
  switch (post.target.route) {
    case RuntimeRoute::response:
      post.refusal =
          session_.begin_response(post.target.request_id, nonce,
                                  request.headers.find("Lambda-Runtime-Function-Response-Mode"));
      post.settles_invoke = post.refusal && post.refusal->type == "InvalidFunctionResponseMode";
      break;
    case RuntimeRoute::error:
      post.refusal = session_.begin_error(post.target.request_id, nonce);
      break;
    case RuntimeRoute::init_error:
      post.refusal = session_.init_error();
      break;
    default:
      exchange.body_limit = 0;
      break;
  }
  if (post.refusal) exchange.body_limit = 0;
  exchange.note = std::move(post);
}

void RuntimeApi::on_request(const http::ExchangePtr& exchange) {
  const Post post = std::any_cast<Post>(exchange->note);
  switch (post.target.route) {
    case RuntimeRoute::next:
      next(exchange);
      return;
    case RuntimeRoute::ping:
      exchange->reply(http::Response::plain(200, "pong"));
      return;
    case RuntimeRoute::not_found:
      exchange->reply(http::Response::plain(404, "404 page not found\n"));
      return;
    case RuntimeRoute::method_not_allowed:
      exchange->reply(http::Response::plain(405, ""));
      return;
    case RuntimeRoute::response:
    case RuntimeRoute::error:
    case RuntimeRoute::init_error:
      break;
  }
  if (post.refusal) {
    exchange->reply(refuse(*post.refusal));
    if (post.settles_invoke) events_.on_answer({AnswerKind::bad_mode, make_payload(""), "", ""});
    return;
  }
  if (post.target.route == RuntimeRoute::response) return finish_response(exchange, post);
  if (post.target.route == RuntimeRoute::error) return finish_error(exchange, post);
  finish_init_error(exchange, post);
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
      running_.reset();
      polls_.push_back(exchange);
      events_.on_invoke_complete();
      return;
  }
}

void RuntimeApi::deliver(RuntimeEvent event) {
  session_.deliver(event.request_id, event.invocation_id);
  running_ = std::move(event);
  // The event stays in running_ until the runtime has answered: a poll whose client is gone by now
  // loses nothing, the next one gets the same event.
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
  const RuntimeEvent& event = *running_;
  http::Response r;
  r.fields.reserve(512);
  r.field("Content-Type", "application/json");
  r.field("Lambda-Runtime-Aws-Request-Id", event.request_id);
  r.field("Lambda-Runtime-Deadline-Ms", std::to_string(event.deadline_ms));
  r.field("Lambda-Runtime-Invoked-Function-Arn", event.function_arn);
  field_if(r, "Lambda-Runtime-Trace-Id", event.trace_id);
  field_if(r, "Lambda-Runtime-Invocation-Id", event.invocation_id);
  if (!event.client_context.empty()) {
    r.field("Lambda-Runtime-Client-Context", one_line(event.client_context));
  }
  if (!event.cognito_identity.empty()) {
    r.field("Lambda-Runtime-Cognito-Identity", one_line(event.cognito_identity));
  }
  field_if(r, "Lambda-Runtime-Aws-Tenant-Id", event.tenant_id);
  r.shared = event.payload;
  return r;
}

void RuntimeApi::finish_response(const http::ExchangePtr& exchange, const Post&) {
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

void RuntimeApi::finish_error(const http::ExchangePtr& exchange, const Post&) {
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

void RuntimeApi::finish_init_error(const http::ExchangePtr& exchange, const Post&) {
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
  running_.reset();
  server_.drop_connections();
  session_.reset();
}

}  // namespace coldframe
