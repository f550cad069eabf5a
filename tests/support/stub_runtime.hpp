// A bootstrap's side of the Runtime API in a test's hands, one raw request after the other.
//
//   StubRuntime runtime(pump, launcher.latest().port());
//   StubEvent event = runtime.next();
//   EXPECT_EQ(runtime.respond("\"done\"").status, 202);
//   runtime.ask_next();                     // ends the invoke; does not wait for another
//
// One keep-alive connection; the pump runs while it waits. Owned by the test.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tests/support/raw_http_client.hpp"

namespace coldframe::testing {

struct StubEvent {
  HttpReply reply;
  std::string id;  // Lambda-Runtime-Aws-Request-Id
  const std::string& body() const { return reply.body; }
  std::string header(std::string_view name) const { return reply.header(name); }
};

inline constexpr std::string_view k_next = "/2018-06-01/runtime/invocation/next";
inline constexpr std::string_view k_init_error = "/2018-06-01/runtime/init/error";
std::string response_path(std::string_view id);
std::string error_path(std::string_view id);

class StubRuntime {
 public:
  StubRuntime(Pump& pump, std::uint16_t port) : pump_(&pump), port_(port), link_(pump, port) {}

  // GET next, without waiting for the event.
  void ask_next();
  bool has_event() { return link_.reply_ready(); }
  // The event; asks for it first unless that has been done. Throws if the answer is not 200.
  StubEvent next();
  // GET next where a refusal is expected.
  HttpReply next_reply();

  // Posts for the event that next() gave out last.
  HttpReply respond(std::string_view body, const HeaderList& headers = {});
  HttpReply error(std::string_view body, const HeaderList& headers = {});
  HttpReply init_error(std::string_view body, const HeaderList& headers = {});
  HttpReply get(std::string_view path) { return link_.request("GET", path); }
  HttpReply post(std::string_view path, std::string_view body, const HeaderList& headers = {}) {
    return link_.request("POST", path, body, headers);
  }

  // next, answer with `body`, and ask for the next event: a whole invoke of a well-behaved runtime.
  StubEvent serve(std::string_view body);
  // The event's id; empty before the first.
  const std::string& id() const { return id_; }
  RawHttpClient& link() { return link_; }
  // A fresh connection instead of one that was closed or spoilt.
  void reconnect() {
    link_ = RawHttpClient(*pump_, port_);
    asked_ = false;
  }

 private:
  Pump* pump_;
  std::uint16_t port_;
  RawHttpClient link_;
  std::string id_;
  bool asked_ = false;
};

}  // namespace coldframe::testing
