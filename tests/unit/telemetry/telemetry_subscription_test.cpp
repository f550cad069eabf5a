#include "emulator/telemetry/telemetry_subscription.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace coldframe {
namespace {

using nlohmann::json;

json good() {
  return {
      {"schemaVersion", "2022-12-13"},
      {"types", {"platform", "function"}},
      {"destination", {{"protocol", "HTTP"}, {"URI", "http://sandbox.localdomain:8080/in?a=b"}}}};
}

ReadSubscription read(const json& body, TelemetryKind kind = TelemetryKind::telemetry) {
  return read_subscription(kind, body.dump());
}

std::string refusal(const json& body, TelemetryKind kind = TelemetryKind::telemetry) {
  return read(body, kind).refusal;
}

TEST(TelemetrySubscription, IsReadWithItsDefaults) {
  const auto out = read(good()).subscription;
  ASSERT_TRUE(out);
  EXPECT_TRUE(out->platform);
  EXPECT_TRUE(out->function);
  EXPECT_FALSE(out->extension);
  EXPECT_EQ(out->max_items, 10'000u);
  EXPECT_EQ(out->max_bytes, 262'144u);
  EXPECT_EQ(out->timeout.count(), 1000);
  EXPECT_EQ(out->port, 8080);
  EXPECT_EQ(out->path, "/in?a=b");
  EXPECT_EQ(out->host, "sandbox.localdomain:8080");
  EXPECT_EQ(out->method, "POST");
}

TEST(TelemetrySubscription, KnowsItsSchemas) {
  for (const char* version : {"2022-07-01", "2022-12-13", "2025-01-29"}) {
    auto body = good();
    body["schemaVersion"] = version;
    ASSERT_TRUE(read(body).subscription) << version;
    EXPECT_EQ(read(body).subscription->has_json_records(), std::string(version) != "2022-07-01");
  }
  auto body = good();
  body["schemaVersion"] = "2023-01-01";
  EXPECT_EQ(refusal(body), "schemaVersion '2023-01-01' is not known");
  body["schemaVersion"] = "2020-08-15";
  EXPECT_EQ(refusal(body), "schemaVersion '2020-08-15' is not known");
  EXPECT_EQ(refusal(body, TelemetryKind::logs), "");
  EXPECT_FALSE(read(body, TelemetryKind::logs).subscription->has_json_records());
  body["schemaVersion"] = 7;
  EXPECT_EQ(refusal(body), "schemaVersion must be a text");
}

TEST(TelemetrySubscription, HoldsBufferingToItsRanges) {
  struct Range {
    const char* key;
    std::int64_t least, most;
  };
  for (const Range& range : {Range{"maxItems", 1000, 10'000}, Range{"maxBytes", 262'144, 1'048'576},
                             Range{"timeoutMs", 25, 30'000}}) {
    const auto with = [&](const json& value) {
      auto body = good();
      body["buffering"][range.key] = value;
      return refusal(body);
    };
    EXPECT_EQ(with(range.least), "");
    EXPECT_EQ(with(range.most), "");
    const std::string why = std::string(range.key) + " must be from " +
                            std::to_string(range.least) + " to " + std::to_string(range.most);
    EXPECT_EQ(with(range.least - 1), why);
    EXPECT_EQ(with(range.most + 1), why);
    EXPECT_EQ(with(UINT64_MAX), why);
    EXPECT_EQ(with(-1), why);
    EXPECT_EQ(with("1000"), std::string(range.key) + " must be a whole number");
    EXPECT_EQ(with(1000.5), std::string(range.key) + " must be a whole number");
  }
  auto body = good();
  body["buffering"] = {{"maxItems", 2000}, {"maxBytes", 300'000}, {"timeoutMs", 100}};
  const auto out = read(body).subscription;
  EXPECT_EQ(out->max_items, 2000u);
  EXPECT_EQ(out->max_bytes, 300'000u);
  EXPECT_EQ(out->timeout.count(), 100);
}

TEST(TelemetrySubscription, NeedsTypesThatThereAre) {
  auto body = good();
  body["types"] = {"platform", "runtime"};
  EXPECT_EQ(refusal(body), "types: 'runtime' is none of platform, function, extension");
  const std::string why = "types must be a list of platform, function, extension";
  body["types"] = json::array();
  EXPECT_EQ(refusal(body), why);
  body.erase("types");
  EXPECT_EQ(refusal(body), why);
}

TEST(TelemetrySubscription, SendsToTheSandboxAlone) {
  const auto with = [](const std::string& uri) {
    auto body = good();
    body["destination"]["URI"] = uri;
    return read(body);
  };
  EXPECT_EQ(with("http://sandbox:81").subscription->path, "/");
  EXPECT_EQ(with("http://sandbox:81").subscription->port, 81);
  EXPECT_EQ(with("http://sandbox").subscription->port, 80);
  const std::string host = "destination: the host of the URI must be sandbox.localdomain";
  for (const char* uri : {"http://localhost:8080/", "http://10.0.0.1:8080/", "http://:8080/",
                          "http://sandbox.localdomain.evil:80/", "http://a@sandbox:80/"}) {
    EXPECT_EQ(with(uri).refusal, host) << uri;
  }
  const std::string port = "destination: the port of the URI is not a number from 1 to 65535";
  for (const char* uri : {"http://sandbox:0/", "http://sandbox:65536/", "http://sandbox:/",
                          "http://sandbox:80x/", "http://sandbox:8:1/"}) {
    EXPECT_EQ(with(uri).refusal, port) << uri;
  }
  EXPECT_EQ(with("http://sandbox:9001/").refusal, "destination: port 9001 is reserved");
  EXPECT_EQ(with("https://sandbox:80/").refusal, "destination: URI must begin with http://");
  EXPECT_EQ(with("http://sandbox:80/\r\nX: y").refusal,
            "destination: URI has a character that it must not have");
}

TEST(TelemetrySubscription, OverTcpItIsAPort) {
  auto body = good();
  body["destination"] = {{"protocol", "TCP"}, {"port", 4243}};
  EXPECT_EQ(read(body).subscription->protocol, TelemetrySubscription::Protocol::tcp);
  EXPECT_EQ(read(body).subscription->port, 4243);
  body["destination"]["port"] = 9001;
  EXPECT_EQ(refusal(body), "destination: port 9001 is reserved");
  body["destination"]["port"] = 65536;
  EXPECT_EQ(refusal(body), "port must be from 1 to 65535");
  body["destination"].erase("port");
  EXPECT_EQ(refusal(body), "destination: port is needed");
  body["destination"]["protocol"] = "UDP";
  EXPECT_EQ(refusal(body), "destination: protocol must be HTTP or TCP");
  body.erase("destination");
  EXPECT_EQ(refusal(body), "destination must be an object");
}

TEST(TelemetrySubscription, IsAJsonObject) {
  for (const char* body : {"", "[]", "7", "{"})
    EXPECT_EQ(read_subscription(TelemetryKind::telemetry, body).refusal,
              "the body is not a JSON object")
        << body;
}

}  // namespace
}  // namespace coldframe
