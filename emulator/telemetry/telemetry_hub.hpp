// The Telemetry API of one environment, /2022-07-01/telemetry, and the Logs API before it,
// /2020-08-15/logs: who has subscribed, and what goes to whom.
//
//   TelemetryHub hub(io, clock, timers, open, registry, true, events);
//   hub.platform(json_log::start(…));                   // a platform.* event, as a line of JSON
//   hub.function("what it has printed");
//   hub.close();                                        // the init is over
//
// Until then what happens is kept for those who subscribe later, up to 1 MiB. Owned by
// ExtensionSet; I/O thread only.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/extensions/extension_registry.hpp"
#include "emulator/net/http_server.hpp"
#include "emulator/telemetry/telemetry_sender.hpp"

namespace coldframe {

class TelemetryEvents {
 public:
  virtual ~TelemetryEvents() = default;
  virtual void on_subscribed(const Extension& extension, const TelemetrySubscription& to) = 0;
};

class TelemetryHub final : public http::Handler {
 public:
  // All outlive it. `json_records`: lines that are JSON objects may be handed on as such.
  TelemetryHub(boost::asio::io_context& io, const Clock& clock, Timers& timers, OpenSocket open,
               ExtensionRegistry& registry, bool json_records, TelemetryEvents& events)
      : io_(io),
        clock_(clock),
        timers_(timers),
        open_(std::move(open)),
        registry_(registry),
        json_records_(json_records),
        events_(events) {}
  ~TelemetryHub() override { reset(); }

  static bool serves(std::string_view path);

  // Whether anybody is, or may come to be, interested.
  bool listens() const { return !closed_ || !subscribers_.empty(); }
  void platform(std::string line);
  void function(std::string_view text) { line(Type::function, text); }
  void extension(std::string_view text) { line(Type::extension, text); }
  // No more subscriptions.
  void close();
  // All that there is goes out now.
  void flush();
  // Of another generation; nobody is subscribed.
  void reset();

  void on_head(http::Exchange& exchange) override;
  void on_request(const http::ExchangePtr& exchange) override;

 private:
  enum class Type { platform, function, extension };
  struct Event {
    Type type;
    std::string time;  // of a line
    std::string text;  // of platform: the whole event
  };
  struct Subscriber {
    const Extension* extension;
    std::shared_ptr<TelemetrySender> sender;
  };

  void subscribe(const http::ExchangePtr& exchange, TelemetryKind kind);
  void line(Type type, std::string_view text);
  void add(Event event);
  void send(TelemetrySender& to, const Event& event) const;

  static constexpr std::size_t k_most_kept = 1 << 20;

  boost::asio::io_context& io_;
  const Clock& clock_;
  Timers& timers_;
  OpenSocket open_;
  ExtensionRegistry& registry_;
  bool json_records_;
  TelemetryEvents& events_;
  bool closed_ = false;
  std::vector<Subscriber> subscribers_;
  std::vector<Event> kept_;  // for those who subscribe later
  std::size_t kept_bytes_ = 0;
};

}  // namespace coldframe
