// What a subscriber of the Telemetry API asks for, or of the Logs API before it, checked.
//
//   auto read = read_subscription(TelemetryKind::telemetry, body);
//   if (read.refusal) …                                 // 400 ValidationError, in one sentence
//   read.subscription->max_items
//
// Pure. Ranges and defaults: AWS documentation, Telemetry API reference, 2026.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coldframe {

enum class TelemetryKind { telemetry, logs };

struct TelemetrySubscription {
  enum class Protocol { http, tcp };

  TelemetryKind kind = TelemetryKind::telemetry;
  std::string schema;
  bool platform = false;
  bool function = false;
  bool extension = false;
  std::size_t max_items = 10'000;           // 1 000 … 10 000
  std::size_t max_bytes = 262'144;          // 262 144 … 1 048 576
  std::chrono::milliseconds timeout{1000};  // 25 … 30 000
  Protocol protocol = Protocol::http;
  std::uint16_t port = 0;  // of the environment's loopback; never 9001
  std::string host;        // as it was given
  std::string path = "/";
  std::string method = "POST";

  // Whether a line that is a JSON object is handed on as one.
  bool has_json_records() const {
    return kind == TelemetryKind::telemetry && schema >= "2022-12-13";
  }
  // "platform", "function", "extension", in the order in which they were given.
  std::vector<std::string> types{};
};

struct ReadSubscription {
  std::optional<TelemetrySubscription> subscription;
  std::string refusal;  // empty: none
};
ReadSubscription read_subscription(TelemetryKind kind, std::string_view body);

}  // namespace coldframe
