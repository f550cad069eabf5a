#include "emulator/extensions/extensions_api.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace coldframe {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t k_most_body = 64 * 1024;

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

http::Response refuse(const ExtensionRefusal& refusal) {
  return http::Response::json(
      403, dump({{"errorMessage", refusal.message}, {"errorType", refusal.type}}) + "\n");
}

// "accountId, other" names it.
bool names_feature(std::string_view list, std::string_view feature) {
  while (!list.empty()) {
    const auto end = std::min(list.find(','), list.size());
    std::string_view word = list.substr(0, end);
    const auto first = word.find_first_not_of(" \t");
    const auto last = word.find_last_not_of(" \t");
    if (first != std::string_view::npos && word.substr(first, last - first + 1) == feature) {
      return true;
    }
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

}  // namespace

ExtensionRoute route_extension_request(http::Method method, std::string_view path) {
  using enum ExtensionRoute;
  if (!path.starts_with(k_extensions_prefix)) return not_found;
  path.remove_prefix(k_extensions_prefix.size());
  const auto only = [method](http::Method wanted, ExtensionRoute route) {
    return method == wanted ? route : method_not_allowed;
  };
  if (path == "register") return only(http::Method::post, enroll);
  if (path == "event/next") return only(http::Method::get, next);
  if (path == "init/error") return only(http::Method::post, init_error);
  if (path == "exit/error") return only(http::Method::post, exit_error);
  return not_found;
}

void ExtensionsApi::on_head(http::Exchange& exchange) { exchange.body_limit = k_most_body; }

void ExtensionsApi::on_request(const http::ExchangePtr& exchange) {
  if (other_ != nullptr && !exchange->request.path().starts_with(k_extensions_prefix)) {
    return other_->on_request(exchange);
  }
  switch (route_extension_request(exchange->request.method, exchange->request.path())) {
    case ExtensionRoute::enroll:
      return enroll(exchange);
    case ExtensionRoute::next:
      return next(exchange);
    case ExtensionRoute::init_error:
      return report(exchange, true);
    case ExtensionRoute::exit_error:
      return report(exchange, false);
    case ExtensionRoute::not_found:
      return exchange->reply(http::Response::plain(404, "404 page not found\n"));
    case ExtensionRoute::method_not_allowed:
      return exchange->reply(http::Response::plain(405, ""));
  }
}

void ExtensionsApi::enroll(const http::ExchangePtr& exchange) {
  const auto& headers = exchange->request.headers;
  if (exchange->body_state != http::BodyState::complete) {
    return exchange->reply(refuse({"InvalidRequestFormat", "the body is not complete"}));
  }
  const auto found =
      registry_.enroll(headers.find("Lambda-Extension-Name"), exchange->request.body, ids_.uuid());
  if (found.refusal) return exchange->reply(refuse(*found.refusal));
  Json body{{"functionName", function_.name},
            {"functionVersion", function_.version},
            {"handler", function_.handler}};
  if (names_feature(headers.find("Lambda-Extension-Accept-Feature"), "accountId")) {
    body["accountId"] = function_.account;
  }
  auto response = http::Response::json(200, dump(body) + "\n");
  response.field("Lambda-Extension-Identifier", found.extension->id);
  exchange->reply(std::move(response));
  events_.on_registered(*found.extension);
}

void ExtensionsApi::next(const http::ExchangePtr& exchange) {
  const auto found = registry_.find(exchange->request.headers.find("Lambda-Extension-Identifier"));
  if (found.refusal) return exchange->reply(refuse(*found.refusal));
  Extension& extension = *found.extension;
  const auto is_its = [&](const Poll& poll) { return poll.extension == &extension; };
  const bool waits = std::any_of(polls_.begin(), polls_.end(), is_its);
  // It was told of an event by nobody yet: this is not the end of its work on it.
  if (const auto owed = std::find(owed_.begin(), owed_.end(), &extension); owed != owed_.end()) {
    owed_.erase(owed);
    polls_.push_back({&extension, exchange});
    return hand_out(extension, event_);
  }
  if (auto refusal = registry_.next(extension, !waits)) return exchange->reply(refuse(*refusal));
  polls_.push_back({&extension, exchange});
  if (!shutdown_.empty() && extension.wants_shutdown) return hand_out(extension, shutdown_);
  events_.on_asked(extension);
}

void ExtensionsApi::report(const http::ExchangePtr& exchange, bool of_init) {
  const auto& headers = exchange->request.headers;
  const auto found = registry_.find(headers.find("Lambda-Extension-Identifier"));
  if (found.refusal) return exchange->reply(refuse(*found.refusal));
  const auto type = headers.find("Lambda-Extension-Function-Error-Type");
  const auto refusal = of_init ? registry_.report_init_error(*found.extension, type)
                               : registry_.report_exit_error(*found.extension, type);
  if (refusal) return exchange->reply(refuse(*refusal));
  exchange->reply(http::Response::json(202, "{\"status\":\"OK\"}\n"));
  events_.on_error(*found.extension);
}

void ExtensionsApi::hand_out(Extension& extension, const std::string& event) {
  const auto poll = std::find_if(polls_.begin(), polls_.end(),
                                 [&](const Poll& one) { return one.extension == &extension; });
  registry_.give_event(extension);
  if (poll == polls_.end()) return owed_.push_back(&extension);
  auto response = http::Response::json(200, event);
  response.field("Lambda-Extension-Event-Identifier", ids_.uuid());
  const auto exchange = std::move(poll->exchange);
  polls_.erase(poll);
  exchange->reply(std::move(response));
}

void ExtensionsApi::invoke(const Invoke& invoke) {
  event_ = dump({{"eventType", "INVOKE"},
                 {"deadlineMs", invoke.deadline_ms},
                 {"requestId", invoke.request_id},
                 {"invokedFunctionArn", invoke.function_arn},
                 {"tracing", {{"type", "X-Amzn-Trace-Id"}, {"value", invoke.trace_id}}}});
  owed_.clear();
  for (const bool external : {true, false}) {
    for (const auto& one : registry_.all()) {
      if (one->external == external && one->wants_invoke && one->state == ExtensionState::ready) {
        hand_out(*one, event_);
      }
    }
  }
}

void ExtensionsApi::shut_down(ShutdownReason reason, std::int64_t deadline_ms) {
  shutdown_ = dump({{"eventType", "SHUTDOWN"},
                    {"shutdownReason", to_text(reason)},
                    {"deadlineMs", deadline_ms}});
  owed_.clear();
  for (const auto& one : registry_.all()) {
    const bool waits = std::any_of(polls_.begin(), polls_.end(),
                                   [&](const Poll& poll) { return poll.extension == one.get(); });
    if (one->wants_shutdown && waits) hand_out(*one, shutdown_);
  }
}

void ExtensionsApi::reset() {
  polls_.clear();
  owed_.clear();
  event_.clear();
  shutdown_.clear();
  registry_.clear();
}

void ExtensionsApi::on_peer_gone(http::Exchange& exchange) {
  std::erase_if(polls_, [&](const Poll& poll) { return poll.exchange.get() == &exchange; });
}

}  // namespace coldframe
