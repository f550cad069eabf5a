// A sandbox whose other side, the server and the first process inside, is played by the test.
#include "emulator/sandbox/box.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <csignal>

#include "tests/support/captured_log.hpp"
#include "tests/support/fake_sandbox_server.hpp"
#include "tests/support/loop_pump.hpp"

namespace coldframe::testing {
namespace {

using namespace std::chrono_literals;

struct Heard final : ProcessEvents {
  void on_log(const LogEvent&) override {}
  void on_launch_failed(const LaunchFailure& failure) override { text += failure.reason; }
  void on_exit(const ExitStatus& status) override { text += "exit: " + exit_reason(status); }
  void on_lost(const std::string& why) override { text += "lost: " + why; }
  std::string text;
};

class BoxTest : public ::testing::Test, public LoopPump {
 protected:
  explicit BoxTest(BoxPatience patience = {}) {
    requests.attach(io);
    box = std::make_shared<Box>(
        io, offload, log, requests,
        std::make_shared<BoxObserver>(io, std::make_shared<FunctionFindings>()), patience);
  }
  ~BoxTest() override {
    box->abandon();
    box.reset();
    requests.detach();
  }
  void prepare() {
    box->prepare({}, {}, [this](const Result<std::vector<UniqueFd>>& ready) {
      outcome = ready ? "ready" : ready.error().message;
    });
  }
  // The server has made it.
  void make() {
    prepare();
    auto request = server.take();
    ASSERT_TRUE(request);
    init.emplace(FakeRequest{
        request->number, {}, std::move(request->control), std::move(request->start), {}});
    server.grant(*request, init->pidfd());
    settle();
  }
  void make_ready(std::int64_t inside = 2) {
    if (!init) make();
    init->fork_seed(inside);
    init->seed_ready();
    settle();
    ASSERT_EQ(outcome, "ready");
  }
  static std::int64_t number_of(InitMessage message) { return static_cast<std::int64_t>(message); }

  Offload offload{io};
  CapturedLog log;
  FakeSandboxServer server;
  SandboxRequests requests{server.client_end(), 30s};
  std::shared_ptr<Box> box;
  std::optional<FakeInit> init;
  std::string outcome;
  Heard heard;
};

TEST_F(BoxTest, IsReadyWhenItsSeedIs) {
  make();
  EXPECT_EQ(outcome, "");
  make_ready();
  auto runtime = box->launch({}, heard);
  EXPECT_EQ(init->run_order(), 2) << "names the seed that is meant";
  init->exited(2, 7 << 8);
  settle();
  EXPECT_EQ(heard.text, "exit: Runtime exited with error: exit status 7");
  EXPECT_EQ(runtime->final_memory()->peak_bytes, 4096);
  runtime->forget();
}

// An extension, and then the runtime.
TEST_F(BoxTest, ForksAnotherSeedOnlyWhenTheLastHasReadItsOrder) {
  make_ready();
  auto agent = box->launch({}, heard);
  outcome.clear();
  prepare();
  settle();
  EXPECT_EQ(init->order(), 0) << "the order of the first would be read by the second";
  EXPECT_EQ(init->run_order(), 2);
  settle();
  EXPECT_EQ(init->order(), number_of(InitMessage::fork_seed));
  make_ready(3);
  Heard of_runtime;
  auto runtime = box->launch({}, of_runtime);
  EXPECT_EQ(init->run_order(), 3);
  init->exited(2, 0);
  settle();
  EXPECT_EQ(heard.text, "exit: Runtime exited without providing a reason");
  EXPECT_EQ(of_runtime.text, "");
  init->exited(3, SIGKILL);
  settle();
  EXPECT_EQ(of_runtime.text, "exit: Runtime exited with error: signal: killed");
  agent->forget();
  runtime->forget();
}

TEST_F(BoxTest, DoesNotWaitForAnOrderOfOneThatHasEnded) {
  make_ready();
  auto agent = box->launch({}, heard);
  prepare();
  init->exited(2, SIGKILL);
  settle();
  EXPECT_EQ(init->order(), number_of(InitMessage::fork_seed));
  agent->forget();
}

TEST_F(BoxTest, TellsTheInitWhomToSignalAndKillsAllAtOnce) {
  make_ready();
  auto agent = box->launch({}, heard);
  init->run_order();
  box->signal(*agent, SIGTERM);
  EXPECT_EQ(init->order(), number_of(InitMessage::signal));
  int gone = 0;
  box->kill_all([&] { ++gone; });
  box->kill_all([&] { ++gone; });
  EXPECT_EQ(init->order(), number_of(InitMessage::kill_all));
  EXPECT_EQ(init->order(), 0) << "once is enough";
  init->empty();
  settle();
  EXPECT_EQ(gone, 2);
  agent->forget();
}

TEST_F(BoxTest, ThatIsLostTellsAllInIt) {
  make_ready();
  auto agent = box->launch({}, heard);
  init->run_order();
  settle();
  prepare();
  make_ready(3);
  Heard of_runtime;
  auto runtime = box->launch({}, of_runtime);
  init->end();
  settle();
  EXPECT_NE(heard.text.find("lost: "), std::string::npos);
  EXPECT_EQ(heard.text, of_runtime.text);
  agent->forget();
  runtime->forget();
}

TEST_F(BoxTest, TellsWhyItsSeedHasEndedToWhoeverWaits) {
  make();
  init->fork_seed(2);
  init->exited(2, SIGSEGV);
  settle();
  EXPECT_EQ(outcome,
            "the process that was to become the runtime ended: Runtime exited with error: signal: "
            "segmentation fault");
  EXPECT_TRUE(box->lost());
}

// A trace whose listener is lost would let every call fail that it looks at.
TEST_F(BoxTest, IsLostWhenThereIsNoRoomForADescriptorOfItsSeed) {
  make();
  init->fork_seed(2);
  settle();
  init->seed_ready({init->pidfd()});
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const UniqueFd first_free(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const rlimit none_left{static_cast<rlim_t>(first_free.get()), before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none_left), 0);
  settle();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(outcome, "too few descriptors are left");
  EXPECT_TRUE(box->lost());
}

// Its environment was reset before it was ready, which kills whoever is in the groups.
TEST_F(BoxTest, OutlivesASeedThatNobodyWaitsForAnyMore) {
  make();
  init->fork_seed(2);
  box->forget_prepare();
  init->exited(2, SIGKILL);
  settle();
  EXPECT_EQ(outcome, "") << "was forgotten";
  ASSERT_FALSE(box->lost());
  prepare();
  EXPECT_EQ(init->order(), number_of(InitMessage::fork_seed));
  make_ready(3);
}

TEST_F(BoxTest, ForksAnotherWhenAnEarlierSeedEndsAfterItIsAskedForAgain) {
  make();
  init->fork_seed(2);
  box->forget_prepare();
  settle();
  prepare();
  EXPECT_EQ(init->order(), 0) << "that one can be used";
  init->exited(2, SIGKILL);
  settle();
  EXPECT_EQ(outcome, "");
  EXPECT_EQ(init->order(), number_of(InitMessage::fork_seed));
  make_ready(3);
}

TEST_F(BoxTest, DoesNotCallWhoeverHasForgottenIt) {
  make();
  init->fork_seed(2);
  box->forget_prepare();
  init->seed_ready();
  settle();
  EXPECT_EQ(outcome, "");
  prepare();
  EXPECT_EQ(outcome, "ready") << "at once, for the next";
}

TEST_F(BoxTest, TellsOfItsInitsEndAsOfALossAndNotOfAnExit) {
  make_ready();
  auto runtime = box->launch({}, heard);
  init->end();
  settle();
  EXPECT_EQ(heard.text, "lost: the first process of a sandbox has ended");
  EXPECT_EQ(log.text(), "coldframe: the first process of a sandbox has ended, and all in it\n");
  runtime->forget();
}

TEST_F(BoxTest, LeavesItToTheServerToTellOfItsEnd) {
  make_ready();
  auto runtime = box->launch({}, heard);
  server.end();
  init->end();
  settle();
  EXPECT_EQ(heard.text, "lost: the sandbox server has ended");
  EXPECT_EQ(log.text(), "");
  runtime->forget();
}

TEST_F(BoxTest, IsNotTakenForDeadWhileItsInitIsOnlySlow) {
  make_ready();
  auto runtime = box->launch({}, heard);
  bool gone = false;
  box->kill_all([&] { gone = true; });
  EXPECT_EQ(init->order(), number_of(InitMessage::kill_all));
  init->exited(2, SIGKILL);
  settle();
  EXPECT_FALSE(gone);
  init->empty();
  settle();
  EXPECT_TRUE(gone);
  EXPECT_FALSE(box->lost());
  EXPECT_EQ(heard.text, "") << "whoever kills it knows";
  runtime->forget();
}

TEST_F(BoxTest, IsLostWhenItsInitDoesNotReadWhatItIsTold) {
  make_ready();
  auto runtime = box->launch({}, heard);
  for (int i = 0; i < 10'000 && !box->lost(); ++i) {
    box->suspend();
    settle();
  }
  EXPECT_EQ(heard.text, "lost: the first process of a sandbox does not listen");
  runtime->forget();
}

TEST_F(BoxTest, CallsNobodyAfterItsEnvironmentHasGone) {
  make_ready();
  bool done = false;
  box->close([&] { done = true; });
  box->abandon();
  init->end();
  settle();
  EXPECT_FALSE(done);
}

// Its sockets close before those inside have ended.
TEST_F(BoxTest, IsClosedWhenAllInsideHaveEndedAndNotBefore) {
  make_ready();
  bool done = false;
  box->close([&] { done = true; });
  init->close_sockets();
  settle();
  EXPECT_FALSE(done);
  init->end();
  settle();
  EXPECT_TRUE(done);
}

TEST_F(BoxTest, IsWithdrawnWhileItWaitsForTheServer) {
  std::vector<std::shared_ptr<Box>> others;
  for (std::size_t i = 0; i < SandboxRequests::k_most_under_way; ++i) {
    others.push_back(std::make_shared<Box>(
        io, offload, log, requests,
        std::make_shared<BoxObserver>(io, std::make_shared<FunctionFindings>())));
    others.back()->prepare({}, {}, [](const auto&) {});
  }
  prepare();
  bool done = false;
  box->close([&] { done = true; });
  EXPECT_TRUE(done);
  for (auto& other : others)
    other->abandon();
}

class ImpatientBox : public BoxTest {
 protected:
  ImpatientBox() : BoxTest({1ms, 1ms}) {}
};

TEST_F(ImpatientBox, IsLostWhenItDoesNotGetReady) {
  make();
  ASSERT_TRUE(until([&] { return box->lost(); }));
  EXPECT_EQ(outcome, "the sandbox was not ready after 0 s");
}

class BoxThatNobodyCanKill : public BoxTest {
 protected:
  BoxThatNobodyCanKill() : BoxTest({30s, 1ms}) {}
};

TEST_F(BoxThatNobodyCanKill, IsLeftBehindWithALine) {
  make_ready();
  auto runtime = box->launch({}, heard);
  bool gone = false;
  box->kill_all([&] { gone = true; });
  EXPECT_TRUE(until([&] { return gone; }));
  EXPECT_TRUE(box->lost());
  EXPECT_EQ(log.text(), "coldframe: processes of a sandbox outlived SIGKILL for 0 s\n");
  runtime->forget();
}

TEST_F(BoxThatNobodyCanKill, IsClosedAllTheSame) {
  make_ready();
  bool done = false;
  box->close([&] { done = true; });
  EXPECT_TRUE(until([&] { return done; }));
}

}  // namespace
}  // namespace coldframe::testing
