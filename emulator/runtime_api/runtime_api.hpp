// The Runtime API of one execution environment: its own listener on loopback (the port says which
// environment speaks), the routes of /2018-06-01, and the poll that waits for the next event.
//
//   RuntimeApi api(io, events);
//   auto port = api.listen("127.0.0.1");
//   api.deliver(event);                        // answers the waiting /next, now or when it comes
//
// What the runtime does comes out as RuntimeEvents calls, on the I/O thread; late, doubled and
// foreign posts are refused here and never come out. Owned by ExecutionEnvironment.
#pragma once

#include <boost/asio/io_context.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/model/invoke.hpp"
#include "emulator/net/http_server.hpp"
#include "emulator/runtime_api/runtime_session.hpp"

namespace coldframe {

// What `GET …/invocation/next` hands out. Header values that are empty are not sent. Views,
// good until release() or reset().
struct RuntimeEvent {
  std::string_view request_id;
  std::string invocation_id;     // nonce, new for each delivery attempt
  std::int64_t deadline_ms = 0;  // epoch milliseconds
  std::string_view function_arn;
  std::string_view trace_id;
  std::string_view client_context;
  std::string_view cognito_identity;
  std::string_view tenant_id;
  Payload payload;
};

enum class AnswerKind { response, error, too_large, truncated, bad_mode };

// A settled answer of the runtime to the event that is running.
struct RuntimeAnswer {
  AnswerKind kind = AnswerKind::response;
  Payload body;
  std::string error_type;  // cleaned; set for kind error
};

class RuntimeEvents {
 public:
  virtual ~RuntimeEvents() = default;
  virtual void on_init_complete() = 0;  // first /next
  virtual void on_init_error(std::string body, std::string error_type) = 0;
  virtual void on_answer(RuntimeAnswer answer) = 0;  // called before the runtime's 202
  virtual void on_invoke_complete() = 0;             // the /next after an answer
  // Who serves a path that is none of ours on the same listener; null: nobody. Outlives the API.
  virtual http::Handler* other_api(std::string_view /*path*/) { return nullptr; }
};

class RuntimeApi final : public http::Handler {
 public:
  RuntimeApi(boost::asio::io_context& io, RuntimeEvents& events);

  Result<std::uint16_t> listen(const std::string& host);
  // Also accepts from this one. Error: exit code 4.
  Result<void> adopt(UniqueFd listener) { return server_.adopt(std::move(listener)); }
  // Accepts from nobody any more, until another is adopted; connections too are closed.
  void close_listeners() { server_.close(); }
  // The event that is running, to be filled in for deliver().
  RuntimeEvent& event() { return running_; }
  // Hands it out. Precondition: the runtime is in /next, or past its first one and idle.
  void deliver();
  // Processes what a dead runtime had sent, before its death is judged. Returns whether a request
  // is incomplete whose rest may still be on its way.
  bool drain() { return server_.drain(); }
  // The invoke that is running is over; posts for it find no such id.
  void release();
  // Forgets the process: connections dropped, state Started.
  void reset();
  const RuntimeSession& session() const { return session_; }

  void on_head(http::Exchange& exchange) override;
  void on_request(const http::ExchangePtr& exchange) override;
  void on_peer_gone(http::Exchange& exchange) override;

 private:
  void next(const http::ExchangePtr& exchange);
  void finish_response(const http::ExchangePtr& exchange);
  void finish_error(const http::ExchangePtr& exchange);
  [[gnu::cold]] void finish_badly(const http::ExchangePtr& exchange);
  void finish_init_error(const http::ExchangePtr& exchange);
  [[gnu::cold]] http::Handler* other_api(std::string_view path);
  http::Response event_reply() const;

  http::HttpServer server_;
  RuntimeEvents& events_;
  RuntimeSession session_;
  RuntimeEvent running_;                  // kept, to be handed out again; empty between two
  http::Handler* other_ = nullptr;        // who has served another path
  std::vector<http::ExchangePtr> polls_;  // every /next that waits; released together
};

// Routing is a pure function of method and path (also a fuzz target).
enum class RuntimeRoute {
  ping,
  next,
  response,
  error,
  init_error,
  not_found,
  method_not_allowed,
};
struct RuntimeTarget {
  RuntimeRoute route = RuntimeRoute::not_found;
  std::string_view request_id;  // view into `path`
};
RuntimeTarget route_runtime_request(http::Method method, std::string_view path);

// Keeps `(Runtime|Function).Xyz` anywhere in the text; other `Function.*` → `Function.Unknown`;
// anything else, nothing included → `Runtime.Unknown`. Source: RIE, 2026-11.
std::string clean_error_type(std::string_view type);

// Body of an error posted as application/vnd.aws.lambda.error.cause+json: without `errorCause`.
// Nothing if it cannot be parsed.
std::optional<std::string> strip_error_cause(std::string_view body);

}  // namespace coldframe
