// What a function in the strict sandbox reaches, with each --network.
#include <gtest/gtest.h>

#include <regex>

#include "emulator/sandbox/way_out.hpp"
#include "tests/support/host_server.hpp"
#include "tests/support/processes.hpp"
#include "tests/support/python_fixture.hpp"

namespace coldframe::testing {
namespace {

constexpr const char* k_nobody = "192.0.2.77";  // of a network for documentation

class NetworkModes : public PythonFixture {
 protected:
  void need(NetworkMode mode) {
    if (mode == NetworkMode::host) return;
    if (!tun_is_allowed()) GTEST_SKIP() << "needs /dev/net/tun";
    if (mode == NetworkMode::none) return;
    if (auto program = find_way_out(); !program) GTEST_SKIP() << program.error().message;
  }
  // It is made beside the function; until then there is no route.
  bool way_out_is_there() {
    for (int i = 0; i < 200; ++i) {
      const std::string routes = try_out({{"read", "/proc/net/route"}})["read"];
      if (routes.find("vinternal_1\t00000000") != std::string::npos) return true;
      try_out({{"hang", 0.1}});
    }
    return false;
  }
};

TEST_F(NetworkModes, NoneLetsConnectsHangUntilTheFunctionsTimeoutAndListsThem) {
  need(NetworkMode::none);
  function.timeout_s = 1;
  start_strict(NetworkMode::none);
  const auto answer = invoke(Json{{"connect", {k_nobody, 443}}}.dump());
  EXPECT_NE(answer.body.find("Task timed out after 1.00 seconds"), std::string::npos)
      << answer.body;
  EXPECT_EQ(closing_text(),
            "W36: the function tried to reach tcp 192.0.2.77:443; with --network "
            "none, as in a VPC without a route, connects hang\n");
}

TEST_F(NetworkModes, NoneTellsWhichNameWasAskedFor) {
  need(NetworkMode::none);
  start_strict(NetworkMode::none);
  EXPECT_EQ(try_out({{"read", "/etc/resolv.conf"}})["read"], "nameserver 169.254.78.1\n");
  function.timeout_s = 1;
  auto caller = call(Json{{"resolve", "some.example.com"}}.dump());
  ASSERT_TRUE(until([&] {
    for (const auto& note : emulator().closing_notes(true))
      if (note.find("udp 169.254.78.1:53 (DNS question some.example.com)") != std::string::npos)
        return true;
    return false;
  }));
}

TEST_F(NetworkModes, HostIsTheHosts) {
  start_strict(NetworkMode::host);
  const HostServer server;
  EXPECT_EQ(try_out({{"connect", {"127.0.0.1", server.port}}, {"patience", 10}})["connect"],
            "connected");
  EXPECT_EQ(closing_text(), "");
}

TEST_F(NetworkModes, OpenReachesTheHostsAddressAndEndsWithItsEnvironment) {
  need(NetworkMode::open);
  const std::string address = own_address();
  if (address.empty()) GTEST_SKIP() << "needs an address of the host that is not loopback";
  start_strict(NetworkMode::open);
  const HostServer server;
  EXPECT_EQ(emulator().network_name(), "open");
  if (emulator().network_note().find("pasta") != std::string::npos) {
    GTEST_SKIP() << "needs slirp4netns: pasta gives the function the host's own address";
  }
  ASSERT_TRUE(way_out_is_there());
  EXPECT_EQ(try_out({{"connect", {address, server.port}}, {"patience", 10}})["connect"],
            "connected");
  EXPECT_EQ(try_out({{"read", "/etc/resolv.conf"}})["read"], "nameserver 10.0.2.3\n");
  EXPECT_EQ(descendants_named("slirp4netns").size(), 1u);
  ASSERT_TRUE(emulator().recycle("f"));
  EXPECT_TRUE(until([] { return descendants_named("slirp4netns").empty(); }));
  EXPECT_EQ(closing_text(), "") << "that it was ended is no news";
}

TEST_F(NetworkModes, OpenSaysOnceThatItsProgramHasEnded) {
  need(NetworkMode::open);
  start_strict(NetworkMode::open);
  std::vector<std::string> heard;
  emulator().on_sandbox_note([&](const std::string& text) { heard.push_back(text); });
  try_out({{"hang", 0}});
  const std::string name = find_way_out()->kind == WayOutKind::pasta ? "pasta" : "slirp4netns";
  ASSERT_TRUE(until([&] { return descendants_named(name).size() == 1; }));
  ::kill(descendants_named(name).front(), SIGKILL);
  ASSERT_TRUE(until([&] { return !heard.empty(); }));
  EXPECT_EQ(heard, std::vector<std::string>{"no way out: " + find_way_out()->path +
                                            " was ended by signal 9"});
  EXPECT_EQ(closing_text(), "") << "it was told already";
}

class OwnNetwork : public NetworkModes, public ::testing::WithParamInterface<NetworkMode> {
 protected:
  void SetUp() override {
    NetworkModes::SetUp();
    if (!IsSkipped() && GetParam() == NetworkMode::open) need(NetworkMode::open);
  }
};

TEST_P(OwnNetwork, DoesNotReachTheLoopbackOfTheHost) {
  start_strict(GetParam());
  const HostServer server;
  for (const int other : {server.port, static_cast<int>(port())}) {
    EXPECT_EQ(try_out({{"connect", {"127.0.0.1", other}}, {"patience", 5}})["connect"],
              "ECONNREFUSED");
  }
  if (GetParam() != NetworkMode::open) return;
  ASSERT_TRUE(way_out_is_there());
  for (const char* address : {"127.0.0.1", "10.0.2.2"}) {  // the way out's name for the host
    EXPECT_NE(try_out({{"connect", {address, server.port}}, {"patience", 5}})["connect"],
              "connected");
  }
}

TEST_P(OwnNetwork, DoesNotReachTheRuntimeApiOfAnotherEnvironment) {
  start_strict(GetParam(), {trying("g")});
  auto other = call(Json{{"hang", 3}}.dump(), {}, "g");
  const std::regex start("START RequestId: ([-0-9a-f]{36})");
  std::smatch found;
  std::string seen;
  ASSERT_TRUE(until([&] { return std::regex_search(seen = log.text(), found, start); }));
  const std::string answer = "\"not g's own\"";
  for (const char* address : {"127.0.0.1", "169.254.100.1"}) {
    const std::string request =
        "POST /2018-06-01/runtime/invocation/" + found.str(1) +
        "/response HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(answer.size()) +
        "\r\n\r\n" + answer;
    const std::string status = try_out({{"send", {address, 9001, request}}})["send"];
    EXPECT_EQ(status.substr(0, 10), "HTTP/1.1 4") << "f's own does not know it";
  }
  EXPECT_EQ(other.finish().body, R"({"hang": "woke up"})");
}

INSTANTIATE_TEST_SUITE_P(Modes, OwnNetwork, ::testing::Values(NetworkMode::none, NetworkMode::open),
                         [](const ::testing::TestParamInfo<NetworkMode>& mode) {
                           return mode.param == NetworkMode::none ? "None" : "Open";
                         });

TEST(NetworkChoice, NeedsTheStrictSandboxForAnOwnNetwork) {
  for (const auto mode : {NetworkMode::none, NetworkMode::open}) {
    EmulatorOptions options;
    options.network = mode;
    const auto refused = Emulator::create(options);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ExitCode::usage);
    EXPECT_NE(refused.error().message.find("needs the strict sandbox"), std::string::npos);
  }
}

}  // namespace
}  // namespace coldframe::testing
