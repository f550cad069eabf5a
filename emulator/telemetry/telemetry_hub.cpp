#include "emulator/telemetry/telemetry_hub.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "emulator/model/platform_log.hpp"

namespace coldframe {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view k_telemetry = "/2022-07-01/telemetry";
constexpr std::string_view k_logs = "/2020-08-15/logs";
constexpr std::size_t k_most_body = 64 * 1024;

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void refuse(const http::ExchangePtr& exchange, int status, const std::string& type,
            const std::string& message) {
  exchange->reply(http::Response::json(
      status, dump(Json{{"errorMessage", message}, {"errorType", type}}) + "\n"));
}

// A whole JSON object on one line, or nothing.
std::string as_object(const std::string& text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string::npos || text[first] != '{' || !Json::accept(text)) return "";
  std::string line = text;  // in JSON a raw line end can only be white space
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return line;
}

}  // namespace

bool TelemetryHub::serves(std::string_view path) { return path == k_telemetry || path == k_logs; }

void TelemetryHub::on_head(http::Exchange& exchange) { exchange.body_limit = k_most_body; }

void TelemetryHub::on_request(const http::ExchangePtr& exchange) {
  if (exchange->request.method != http::Method::put) {
    return exchange->reply(http::Response::plain(405, ""));
  }
  subscribe(exchange,
            exchange->request.path() == k_logs ? TelemetryKind::logs : TelemetryKind::telemetry);
}

void TelemetryHub::subscribe(const http::ExchangePtr& exchange, TelemetryKind kind) {
  const auto found = registry_.find(exchange->request.headers.find("Lambda-Extension-Identifier"));
  if (found.refusal) return refuse(exchange, 403, found.refusal->type, found.refusal->message);
  const std::string api = kind == TelemetryKind::logs ? "Logs" : "Telemetry";
  if (closed_) {
    return refuse(exchange, 403, api + ".SubscriptionClosed", api + " API subscription is closed");
  }
  if (exchange->body_state != http::BodyState::complete) {
    return refuse(exchange, 400, "ValidationError", "the body is not complete");
  }
  auto read = read_subscription(kind, exchange->request.body);
  if (!read.subscription) return refuse(exchange, 400, "ValidationError", read.refusal);
  const bool mixed = std::any_of(subscribers_.begin(), subscribers_.end(), [&](const auto& one) {
    return one.sender->subscription().kind != kind;
  });
  if (mixed) {
    return refuse(exchange, 400, "ValidationError",
                  "the Logs API and the Telemetry API cannot be used in one environment");
  }
  std::erase_if(subscribers_, [&](const Subscriber& one) {
    if (one.extension == found.extension) one.sender->close();
    return one.extension == found.extension;
  });
  auto sender =
      std::make_shared<TelemetrySender>(io_, clock_, timers_, open_, std::move(*read.subscription));
  subscribers_.push_back({found.extension, sender});
  exchange->reply(http::Response::json(200, "\"OK\""));
  for (const auto& event : kept_)
    send(*sender, event);
  events_.on_subscribed(*found.extension, sender->subscription());
}

void TelemetryHub::platform(std::string line) {
  while (!line.empty() && line.back() == '\n')
    line.pop_back();
  if (!line.empty() && listens()) add({Type::platform, "", std::move(line)});
}

void TelemetryHub::line(Type type, std::string_view text) {
  if (!listens()) return;
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
    text.remove_suffix(1);
  add({type, iso_time(clock_.wall_now()), std::string(text)});
}

void TelemetryHub::add(Event event) {
  for (const auto& one : subscribers_)
    send(*one.sender, event);
  const std::size_t size = sizeof event + event.text.size();
  if (closed_ || kept_bytes_ + size > k_most_kept) return;
  kept_bytes_ += size;
  kept_.push_back(std::move(event));
}

void TelemetryHub::send(TelemetrySender& to, const Event& event) const {
  const auto& wanted = to.subscription();
  switch (event.type) {
    case Type::platform:
      if (wanted.platform) to.push(event.text);
      return;
    case Type::function:
      if (!wanted.function) return;
      break;
    case Type::extension:
      if (!wanted.extension) return;
      break;
  }
  std::string record;
  if (json_records_ && wanted.has_json_records()) record = as_object(event.text);
  if (record.empty()) record = dump(Json(event.text));
  to.push("{\"time\":\"" + event.time + "\",\"type\":\"" +
          (event.type == Type::function ? "function" : "extension") + "\",\"record\":" + record +
          "}");
}

void TelemetryHub::close() {
  closed_ = true;
  kept_.clear();
  kept_bytes_ = 0;
}

void TelemetryHub::flush() {
  for (const auto& one : subscribers_)
    one.sender->flush();
}

void TelemetryHub::reset() {
  for (const auto& one : subscribers_)
    one.sender->close();
  subscribers_.clear();
  kept_.clear();
  kept_bytes_ = 0;
  closed_ = false;
}

}  // namespace coldframe
