// The Extensions API of one execution environment, /2020-01-01/extension/…: on the listener of the
// Runtime API, which passes on what it does not know.
//
//   ExtensionsApi api(ids, {name, version, handler, account}, events);
//   api.registry().expect("agent", ids.uuid());
//   api.invoke({id, arn, trace, deadline_ms});          // answers the polls of those who want it
//   api.shut_down(ShutdownReason::spindown, deadline_ms);
//
// What extensions do comes out as ExtensionEvents calls, on the I/O thread, after what was refused
// has been refused. An event whose poll has gone waits for the next one of that extension.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/base/ids.hpp"
#include "emulator/extensions/extension_registry.hpp"
#include "emulator/net/http_server.hpp"

namespace coldframe {

enum class ShutdownReason { spindown, timeout, failure };
constexpr const char* to_text(ShutdownReason reason) {
  switch (reason) {
    case ShutdownReason::spindown:
      return "spindown";
    case ShutdownReason::timeout:
      return "timeout";
    case ShutdownReason::failure:
      return "failure";
  }
  return "";
}

class ExtensionEvents {
 public:
  virtual ~ExtensionEvents() = default;
  virtual void on_registered(Extension& extension) = 0;  // after its answer
  virtual void on_asked(Extension& extension) = 0;       // for its next event, and now waits for it
  virtual void on_error(Extension& extension) = 0;       // its state says which; after its answer
};

class ExtensionsApi final : public http::Handler {
 public:
  struct Function {  // what a registration is answered with
    std::string name;
    std::string version;
    std::string handler;
    std::string account;
  };
  struct Invoke {
    std::string_view request_id;
    std::string_view function_arn;
    std::string_view trace_id;
    std::int64_t deadline_ms = 0;  // epoch milliseconds
  };

  // All outlive it but `function`.
  ExtensionsApi(IdSource& ids, Function function, ExtensionEvents& events)
      : ids_(ids), function_(std::move(function)), events_(events) {}

  ExtensionRegistry& registry() { return registry_; }
  const ExtensionRegistry& registry() const { return registry_; }
  // Who has the other paths that reach this handler; null: they are unknown.
  void serve_also(http::Handler* other) { other_ = other; }
  // External ones first, as on AWS.
  void invoke(const Invoke& invoke);
  // From here on whoever wants it is told, as soon as it asks.
  void shut_down(ShutdownReason reason, std::int64_t deadline_ms);
  // Forgets all of them.
  void reset();

  void on_head(http::Exchange& exchange) override;
  void on_request(const http::ExchangePtr& exchange) override;
  void on_peer_gone(http::Exchange& exchange) override;

 private:
  struct Poll {
    Extension* extension;
    http::ExchangePtr exchange;
  };

  void enroll(const http::ExchangePtr& exchange);
  void next(const http::ExchangePtr& exchange);
  void report(const http::ExchangePtr& exchange, bool of_init);
  void hand_out(Extension& extension, const std::string& event);

  IdSource& ids_;
  Function function_;
  ExtensionEvents& events_;
  http::Handler* other_ = nullptr;
  ExtensionRegistry registry_;
  std::vector<Poll> polls_;       // every event/next that waits
  std::vector<Extension*> owed_;  // an event, whose poll had gone by then
  std::string event_;             // that was handed out last
  std::string shutdown_;          // empty: not yet
};

// Routing is a pure function of method and path.
enum class ExtensionRoute {
  enroll,
  next,
  init_error,
  exit_error,
  not_found,
  method_not_allowed,
};
ExtensionRoute route_extension_request(http::Method method, std::string_view path);

inline constexpr std::string_view k_extensions_prefix = "/2020-01-01/extension/";

}  // namespace coldframe
