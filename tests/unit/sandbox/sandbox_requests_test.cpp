// Many sandboxes asked for at once, and a server that is slow, silent or gone.
#include "emulator/sandbox/sandbox_requests.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <map>

#include "tests/support/fake_sandbox_server.hpp"
#include "tests/support/loop_pump.hpp"

namespace coldframe::testing {
namespace {

using namespace std::chrono_literals;

class SandboxRequestsTest : public ::testing::Test, public LoopPump {
 protected:
  ~SandboxRequestsTest() override { requests.detach(); }
  void ask(int count) {
    for (int i = 0; i < count; ++i) {
      auto control = message_pair();
      auto start = message_pair();
      ASSERT_TRUE(control && start);
      mine.push_back(std::move(control->first));
      const UniqueFd group(::open("/dev/null", O_WRONLY | O_CLOEXEC));
      latest = requests.create({}, std::move(control->second), std::move(start->second),
                               {group.get()}, [this, number = latest + 1](const auto& made) {
                                 order.push_back(number);
                                 answers[number] = made ? "made" : made.error().message;
                               });
    }
  }
  std::vector<FakeRequest> take_all() {
    std::vector<FakeRequest> taken;
    while (auto request = server.take())
      taken.push_back(std::move(*request));
    return taken;
  }

  FakeSandboxServer server;
  SandboxRequests requests{server.client_end(), 30s};
  const UniqueFd init{::eventfd(0, EFD_CLOEXEC)};
  std::vector<UniqueFd> mine;
  std::map<std::int64_t, std::string> answers;
  std::vector<std::int64_t> order;
  std::int64_t latest = 0;
};

TEST_F(SandboxRequestsTest, AsksForASocketInANetwork) {
  requests.attach(io);
  std::string got;
  const auto hear = [&](const Result<UniqueFd>& fd) {
    got += fd ? "a socket. " : fd.error().message + ". ";
  };
  const UniqueFd network(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  requests.open_socket(network.get(), hear);
  requests.open_socket(network.get(), hear);
  EXPECT_EQ(got, "");
  server.grant_socket(server.take_socket(), init.get());
  server.refuse_socket(server.take_socket(), "no socket in a network: setns: gone");
  ASSERT_TRUE(pump_until(*this, [&] { return got.size() > 20; }));
  EXPECT_EQ(got, "a socket. no socket in a network: setns: gone. ");
  server.end();
  requests.open_socket(network.get(), hear);
  ASSERT_TRUE(pump_until(*this, [&] { return got.ends_with("has ended. "); }));
}

TEST_F(SandboxRequestsTest, KeepsWhatTheServerHasNoRoomForAndLosesNone) {
  constexpr int k_count = 200;
  requests.attach(io);
  ask(k_count);
  EXPECT_TRUE(answers.empty());
  std::size_t most = 0;
  std::size_t seen = 0;
  while (answers.size() < k_count) {
    const auto taken = take_all();
    ASSERT_FALSE(taken.empty());
    most = std::max(most, taken.size());
    for (const auto& request : taken) {
      EXPECT_EQ(request.number, static_cast<std::int64_t>(++seen)) << "in the order they came";
      EXPECT_EQ(request.groups.size(), 1u);
      server.grant(request, init.get());
      settle();
    }
  }
  EXPECT_LE(most, SandboxRequests::k_most_under_way);
  for (const auto& [number, answer] : answers)
    EXPECT_EQ(answer, "made") << number;
}

TEST_F(SandboxRequestsTest, SendsWhatWasAskedForBeforeNobodyWaits) {
  requests.attach(io);
  ask(1);
  EXPECT_EQ(take_all().size(), 1u) << "at once";
}

TEST_F(SandboxRequestsTest, TellsWhyOneCouldNotBeMade) {
  requests.attach(io);
  ask(1);
  server.refuse(server.take().value(), "no loop device");
  settle();
  EXPECT_EQ(answers[1], "no sandbox could be made: no loop device");
}

TEST_F(SandboxRequestsTest, TakesAnAnswerThatWasPassedOverForLost) {
  requests.attach(io);
  ask(3);
  const auto taken = take_all();
  ASSERT_EQ(taken.size(), 3u);
  server.grant(taken[1], init.get());
  settle();
  EXPECT_EQ(answers.size(), 2u) << "the third waits for its turn";
  EXPECT_EQ(answers[1], "the sandbox server's answer was lost");
  EXPECT_EQ(answers[2], "made");
}

TEST_F(SandboxRequestsTest, CanBeWithdrawnWhileTheyWait) {
  requests.attach(io);
  ask(static_cast<int>(SandboxRequests::k_most_under_way) + 1);
  EXPECT_FALSE(requests.withdraw(1)) << "under way";
  EXPECT_TRUE(requests.withdraw(latest));
  EXPECT_FALSE(requests.withdraw(latest));
  for (const auto& request : take_all())
    server.grant(request, init.get());
  settle();
  EXPECT_TRUE(take_all().empty());
  EXPECT_EQ(answers.size(), SandboxRequests::k_most_under_way);
}

TEST_F(SandboxRequestsTest, FailWithTheServerAllAtOnceAndOneLine) {
  std::vector<std::string> told;
  requests.on_told([&](const std::string& text) { told.push_back(text); });
  requests.attach(io);
  ask(40);
  EXPECT_FALSE(requests.ended());
  server.end();
  EXPECT_TRUE(requests.ended()) << "before it was heard of";
  settle();
  EXPECT_EQ(answers.size(), 40u);
  EXPECT_EQ(answers[40], "the sandbox server has ended");
  ask(1);
  EXPECT_EQ(answers.size(), 40u) << "not from inside create()";
  settle();
  EXPECT_EQ(answers[41], "the sandbox server has ended");
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0],
            "the sandbox server has ended, and everybody in a sandbox with it: none can be made "
            "any more");
}

class ImpatientRequests : public SandboxRequestsTest {
 protected:
  ImpatientRequests() { requests_.attach(io); }
  ~ImpatientRequests() override { requests_.detach(); }
  FakeSandboxServer silent;
  SandboxRequests requests_{silent.client_end(), 1ms};
};

TEST_F(ImpatientRequests, FailWhenTheServerSaysNothing) {
  std::vector<std::string> told;
  for (std::size_t i = 0; i <= SandboxRequests::k_most_under_way; ++i) {
    auto control = message_pair();
    auto start = message_pair();
    requests_.create({}, std::move(control->second), std::move(start->second), {},
                     [&](const auto& made) { told.push_back(made ? "" : made.error().message); });
  }
  ASSERT_TRUE(until([&] { return told.size() == SandboxRequests::k_most_under_way + 1; }));
  EXPECT_EQ(told.front(), "the sandbox server has not answered for 0 s");
  EXPECT_EQ(told.back(), told.front()) << "one that has waited here";
  const auto late = silent.take();
  ASSERT_TRUE(late);
  silent.grant(*late, init.get());
  settle();
  EXPECT_EQ(told.size(), SandboxRequests::k_most_under_way + 1) << "too late";
}

}  // namespace
}  // namespace coldframe::testing
