// The Telemetry API, and the Logs API before it: subscriptions, what is sent, and to whom.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/conformance/texts.hpp"
#include "tests/support/extension_fixture.hpp"
#include "tests/support/telemetry_receiver.hpp"

namespace coldframe::testing {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using Words = std::vector<std::string>;

constexpr const char* k_telemetry = "/2022-07-01/telemetry";
constexpr const char* k_logs = "/2020-08-15/logs";

class Telemetry : public ExtensionFixture {
 protected:
  Telemetry() {
    add_extension("agent");
    options.concurrency = 1;
  }
  // The extension and its registration; the runtime is about to be started.
  void begin() {
    start();
    caller_.emplace(call("{}"));
    agent_.emplace(next_extension());
    ASSERT_EQ(agent_->enroll("agent", k_wants_both).status, 200);
  }
  json body(const Words& types = {"platform", "function", "extension"}) const {
    return {{"schemaVersion", "2022-12-13"},
            {"types", types},
            {"buffering", {{"timeoutMs", 25}}},
            {"destination",
             {{"protocol", "HTTP"},
              {"URI", "http://sandbox.localdomain:" + std::to_string(receiver.port()) + "/in"}}}};
  }
  HttpReply subscribe(const json& body, const char* path = k_telemetry) {
    return agent().link().request("PUT", path, body.dump(),
                                  {{"Lambda-Extension-Identifier", agent().identifier}});
  }
  StubExtension& agent() { return *agent_; }
  StubRuntime& runtime() {
    if (!runtime_) runtime_.emplace(next_runtime());
    return *runtime_;
  }
  InvokeClient& caller() { return *caller_; }
  FakeProcess& agent_process() { return launcher.process(0); }
  FakeProcess& runtime_process() { return launcher.process(1); }
  // Time passes, and what has been sent by then is read.
  bool receive(std::size_t count) {
    clock.advance(25ms);
    return until([&] { return receiver.read() >= count; });
  }

  TelemetryReceiver receiver;

 private:
  std::optional<InvokeClient> caller_;
  std::optional<StubExtension> agent_;
  std::optional<StubRuntime> runtime_;
};

TEST_F(Telemetry, TellsOfInitAndInvokeInOrder) {
  begin();
  agent_process().print("agent is there");
  const auto reply = subscribe(body());
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "\"OK\"");
  agent().ask_next();
  const auto event = runtime().next();
  agent().read_event();
  runtime_process().print("hello\n");
  runtime().respond("\"ok\"");
  runtime().ask_next();
  caller().finish();
  turns();
  clock.advance(70ms);
  agent().ask_next();
  ASSERT_TRUE(until([&] { return log.count("REPORT ") == 1; }));
  ASSERT_TRUE(receive(10));
  EXPECT_EQ(receiver.types(),
            (Words{"platform.initStart", "extension", "platform.telemetrySubscription",
                   "platform.extension", "platform.initRuntimeDone", "platform.initReport",
                   "platform.start", "function", "platform.runtimeDone", "platform.report"}));
  const auto& events = receiver.events();
  EXPECT_EQ(events[1]["record"], "agent is there");
  EXPECT_EQ(events[2]["record"], json({{"name", "agent"},
                                       {"state", "Subscribed"},
                                       {"types", {"platform", "function", "extension"}}}));
  EXPECT_EQ(events[3]["record"],
            json({{"name", "agent"}, {"state", "Ready"}, {"events", {"INVOKE", "SHUTDOWN"}}}));
  EXPECT_EQ(events[6]["record"]["requestId"], event.id);
  EXPECT_EQ(events[7]["record"], "hello");
  EXPECT_EQ(events[8]["record"]["metrics"]["durationMs"], 0.0) << "of the runtime alone";
  EXPECT_EQ(events[9]["record"]["metrics"]["durationMs"], 70.0);
  EXPECT_EQ(events[9]["record"]["spans"][0]["name"], "extensionOverhead");
  EXPECT_EQ(events[9]["record"]["spans"][0]["durationMs"], 70.0);
  EXPECT_TRUE(receiver.head().starts_with("POST /in HTTP/1.1\r\n")) << receiver.head();
  EXPECT_EQ(log.count("TELEMETRY\tName: agent\tState: Subscribed\tTypes: [Platform, Function, "
                      "Extension]"),
            1);
}

TEST_F(Telemetry, TellsThatTheRuntimeIsDoneWhileExtensionsStillWork) {
  begin();
  subscribe(body({"platform"}));
  agent().ask_next();
  runtime().next();
  agent().read_event();
  runtime().respond("\"ok\"");
  runtime().ask_next();
  caller().finish();
  turns();
  ASSERT_TRUE(receive(7));
  EXPECT_EQ(receiver.types().back(), "platform.runtimeDone");
  EXPECT_EQ(states(), Words{"Draining"});
}

TEST_F(Telemetry, SendsOnlyWhatWasAskedFor) {
  begin();
  subscribe(body({"function"}));
  agent().ask_next();
  runtime().next();
  agent_process().print("not this");
  runtime_process().print("this\n");
  ASSERT_TRUE(receive(1));
  EXPECT_EQ(receiver.types(), Words{"function"});
}

TEST_F(Telemetry, OverTcpEachEventIsALine) {
  begin();
  auto asked = body();
  asked["destination"] = {{"protocol", "TCP"}, {"port", receiver.port()}};
  ASSERT_EQ(subscribe(asked).status, 200);
  agent().ask_next();
  runtime().serve("1");
  ASSERT_TRUE(receive(3));
  EXPECT_EQ(receiver.types().front(), "platform.initStart");
}

TEST_F(Telemetry, HandsJsonLinesOnAsObjectsFromItsSecondSchemaOn) {
  function.log_format = LogFormat::json;
  begin();
  subscribe(body({"function"}));
  agent().ask_next();
  runtime().next();
  runtime_process().print("{\"level\":\"INFO\",\"n\":12345678901234567890123}\nplain\n");
  ASSERT_TRUE(receive(2));
  EXPECT_EQ(receiver.events()[0]["record"]["level"], "INFO");
  EXPECT_EQ(receiver.events()[1]["record"], "plain");
}

TEST_F(Telemetry, TriesAgainWhereItWasNotTaken) {
  begin();
  receiver.status = 500;
  subscribe(body({"function"}));
  agent().ask_next();
  runtime().next();
  runtime_process().print("once\n");
  clock.advance(25ms);
  ASSERT_TRUE(until([&] { return receiver.read(), receiver.requests() == 1; }));
  receiver.status = 200;
  turns();
  clock.advance(50ms);
  ASSERT_TRUE(until([&] { return receiver.read() == 1; }));
  EXPECT_EQ(receiver.events()[0]["record"], "once");
}

TEST_F(Telemetry, TellsWhoDoesNotKeepUpWhatItHasLost) {
  begin();
  receiver.silent = true;
  subscribe(body({"platform", "function"}));
  agent().ask_next();
  runtime().next();
  const std::string line(100'000, 'x');
  for (int i = 0; i < 20; ++i)
    runtime_process().print(line + "\n");
  turns();
  receiver.silent = false;
  const auto told = [&] {
    receiver.read();
    for (const auto& event : receiver.events())
      if (event["type"] == "platform.logsDropped") return true;
    return false;
  };
  for (int i = 0; i < 20 && !told(); ++i) {
    clock.advance(25ms);
    turns(50);
  }
  ASSERT_TRUE(told());
  for (const auto& event : receiver.events()) {
    if (event["type"] != "platform.logsDropped") continue;
    EXPECT_GT(event["record"]["droppedRecords"], 0);
    EXPECT_GT(event["record"]["droppedBytes"], 100'000);
  }
}

TEST_F(Telemetry, IsSentBeforeTheEndWithoutFurtherWaiting) {
  begin();
  auto asked = body({"platform"});
  asked["buffering"] = {{"timeoutMs", 30'000}};
  subscribe(asked);
  agent().ask_next();
  runtime().serve("1");
  caller().finish();
  agent().read_event();
  agent().ask_next();
  ASSERT_TRUE(until([&] { return states() == Words{"Idle"}; }));
  EXPECT_EQ(receiver.read(), 0U);
  auto renewed = function;
  renewed.timeout_s = 7;
  emulator().renew(renewed);
  ASSERT_TRUE(until([&] { return receiver.read() > 0; }));
  EXPECT_EQ(receiver.types().back(), "platform.report");
}

TEST_F(Telemetry, IsClosedAfterTheInit) {
  begin();
  agent().ask_next();
  runtime().next();
  agent().read_event();
  for (const auto& [path, api] : {std::pair{k_telemetry, "Telemetry"}, {k_logs, "Logs"}}) {
    const auto reply = subscribe(body(), path);
    EXPECT_EQ(reply.status, 403);
    EXPECT_EQ(reply.body, refusal(std::string(api) + " API subscription is closed",
                                  std::string(api) + ".SubscriptionClosed"));
  }
}

TEST_F(Telemetry, RefusesWhatIsNotValid) {
  begin();
  auto asked = body();
  asked["destination"]["URI"] = "http://sandbox.localdomain:9001/";
  auto reply = subscribe(asked);
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.body, refusal("destination: port 9001 is reserved", "ValidationError"));
  agent().identifier.clear();
  reply = subscribe(body());
  EXPECT_EQ(reply.status, 403);
  EXPECT_EQ(reply.body, refusal("Missing Lambda-Extension-Identifier header",
                                "Extension.MissingExtensionIdentifier"));
  EXPECT_EQ(agent().link().request("POST", k_telemetry, "{}").status, 405);
}

TEST_F(Telemetry, OfTheOlderApiIsAloneInItsEnvironment) {
  begin();
  auto asked = body({"function"});
  asked["schemaVersion"] = "2021-03-18";
  EXPECT_EQ(subscribe(asked, k_logs).status, 200);
  const auto mixed = subscribe(body());
  EXPECT_EQ(mixed.status, 400);
  EXPECT_EQ(mixed.body, refusal("the Logs API and the Telemetry API cannot be used in one "
                                "environment",
                                "ValidationError"));
  agent().ask_next();
  runtime().next();
  runtime_process().print("hello\n");
  ASSERT_TRUE(receive(1));
  EXPECT_EQ(receiver.events()[0]["record"], "hello");
  EXPECT_EQ(log.count("LOGS\tName: agent\tState: Subscribed\tTypes: [Function]"), 1);
}

TEST_F(Telemetry, AnotherSubscriptionTakesThePlaceOfTheFirst) {
  begin();
  TelemetryReceiver first;
  auto asked = body({"function"});
  asked["destination"] = {{"protocol", "TCP"}, {"port", first.port()}};
  EXPECT_EQ(subscribe(asked).status, 200);
  EXPECT_EQ(subscribe(body({"function"})).status, 200);
  agent().ask_next();
  runtime().next();
  runtime_process().print("hello\n");
  ASSERT_TRUE(receive(1));
  EXPECT_EQ(first.read(), 0U);
}

}  // namespace
}  // namespace coldframe::testing
