// An extension that a test plays itself, over a real socket.
//
//   StubExtension agent(pump, launcher.process(0).port());
//   agent.enroll("agent", R"({"events":["INVOKE"]})");       // its reply; keeps the identifier
//   agent.ask_next();
//   agent.read_event()["requestId"]
//
// Owned by the test; one thread.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "tests/support/raw_http_client.hpp"

namespace coldframe::testing {

class StubExtension {
 public:
  StubExtension(Pump& pump, std::uint16_t port) : link_(pump, port) {}

  HttpReply enroll(std::string_view name, std::string_view body, HeaderList headers = {}) {
    headers.emplace_back("Lambda-Extension-Name", name);
    auto reply = link_.request("POST", "/2020-01-01/extension/register", body, headers);
    if (const auto id = reply.find("Lambda-Extension-Identifier")) identifier = *id;
    return reply;
  }
  void ask_next() { link_.send(http_request("GET", k_next, {}, its_headers())); }
  // What it has asked for comes as an event; anything else is a failure of the test.
  nlohmann::json read_event() {
    const auto reply = link_.read_reply();
    return reply.status == 200 ? nlohmann::json::parse(reply.body)
                               : nlohmann::json{{"refused", reply.body}};
  }
  HttpReply read_reply() { return link_.read_reply(); }
  HttpReply report(std::string_view where, std::string_view type) {
    auto headers = its_headers();
    if (!type.empty()) headers.emplace_back("Lambda-Extension-Function-Error-Type", type);
    return link_.request("POST", "/2020-01-01/extension/" + std::string(where) + "/error", "{}",
                         headers);
  }
  RawHttpClient& link() { return link_; }

  std::string identifier;  // sent with each call, unless it is empty

 private:
  static constexpr const char* k_next = "/2020-01-01/extension/event/next";
  HeaderList its_headers() const {
    if (identifier.empty()) return {};
    return {{"Lambda-Extension-Identifier", identifier}};
  }
  RawHttpClient link_;
};

inline constexpr const char* k_wants_nothing = R"({"events":[]})";
inline constexpr const char* k_wants_invoke = R"({"events":["INVOKE"]})";
inline constexpr const char* k_wants_both = R"({"events":["INVOKE","SHUTDOWN"]})";

}  // namespace coldframe::testing
