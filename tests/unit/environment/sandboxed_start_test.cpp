// A start whose sandbox is slow, or gives something that cannot be used.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "emulator/environment/execution_environment.hpp"
#include "emulator/limits/no_limits.hpp"
#include "tests/support/captured_log.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_launcher.hpp"
#include "tests/support/host_server.hpp"
#include "tests/support/sandbox_fixture.hpp"

namespace coldframe::testing {
namespace {

using namespace std::chrono_literals;
using Listeners = std::vector<UniqueFd>;

// A sandbox that is ready when the test says so.
class SlowSandbox final : public Sandbox {
 public:
  explicit SlowSandbox(ProcessLauncher& launcher) : launcher_(launcher) {}
  std::string_view name() const override { return "slow"; }
  std::unique_ptr<EnvironmentSandbox> create(const std::string&, const FunctionConfig&) override {
    return std::make_unique<Place>(*this);
  }
  void get_ready(Result<Listeners> listeners) {
    const auto ready = std::exchange(ready_, nullptr);
    ASSERT_TRUE(ready) << "nobody waits";
    ready(std::move(listeners));
  }
  bool awaited() const { return ready_ != nullptr; }
  int discarded = 0;

 private:
  class Place final : public EnvironmentSandbox {
   public:
    explicit Place(SlowSandbox& owner) : owner_(owner) {}
    std::optional<std::string> runtime_api() const override { return "169.254.100.1:9001"; }
    void prepare(const std::vector<int>&, std::function<void(Result<Listeners>)> ready) override {
      owner_.ready_ = std::move(ready);
    }
    void forget() override { owner_.ready_ = nullptr; }
    void discard() override { ++owner_.discarded; }
    std::string inside(const std::filesystem::path& path) const override { return path.string(); }
    std::unique_ptr<RuntimeProcess> launch(ProcessSpec spec, ProcessEvents& events) override {
      return owner_.launcher_.launch(std::move(spec), events);
    }
    void close(std::function<void()> done) override { done(); }

   private:
    SlowSandbox& owner_;
  };

  ProcessLauncher& launcher_;
  std::function<void(Result<Listeners>)> ready_;
};

struct Owner final : EnvironmentOwner {
  void on_available(ExecutionEnvironment&) override { ++available; }
  void on_change(ExecutionEnvironment&) override {}
  void on_host_failure(InvocationPtr, const std::string& reason) override { failure = reason; }
  int available = 0;
  std::string failure;
};

struct NoRecords final : RecordSink {};

class SandboxedStart : public ::testing::Test {
 protected:
  SandboxedStart() {
    launcher.attach(io);
    config.entry_point = {"/bin/true"};
    environment.emplace(services, config, owner);
    EXPECT_TRUE(environment->open());
  }
  void invoke() {
    auto invocation = std::make_unique<Invocation>();
    invocation->request.request_id = "r";
    invocation->request.payload = make_payload("{}");
    invocation->done = [this](InvokeResult result) { answer = std::string(*result.payload); };
    environment->invoke(std::move(invocation));
  }
  void settle() {
    io.restart();
    io.poll();
  }

  boost::asio::io_context io;
  FakeClock clock;
  IdSource ids;
  NoLimits limits;
  Freezing freezing;
  FakeLauncher launcher;
  SlowSandbox sandbox{launcher};
  NoRecords records;
  CapturedLog log;
  EnvironmentServices services{io, clock, clock, ids, limits, freezing, sandbox, records, log};
  FunctionConfig config;
  Owner owner;
  std::optional<ExecutionEnvironment> environment;
  std::string answer;
};

// The first init fails, and the second takes until the function's timeout to get its sandbox.
TEST_F(SandboxedStart, ThatIsOvertakenByTheTimeoutStartsNoRuntimeLater) {
  invoke();
  sandbox.get_ready(Listeners());
  ASSERT_EQ(launcher.starts(), 1);
  launcher.latest().exit(1);
  settle();
  ASSERT_EQ(environment->state(), EnvironmentState::suppressed_init);
  ASSERT_TRUE(sandbox.awaited());
  clock.advance(config.timeout());
  settle();
  EXPECT_NE(answer.find("Sandbox.Timedout"), std::string::npos) << answer;
  EXPECT_EQ(environment->state(), EnvironmentState::cold_again);
  EXPECT_FALSE(sandbox.awaited()) << "a runtime would be started that nobody asked for";
  invoke();
  sandbox.get_ready(Listeners());
  EXPECT_EQ(launcher.starts(), 2);
}

TEST_F(SandboxedStart, WhoseListenersCannotBeUsedHasTheSandboxMadeAnew) {
  invoke();
  Listeners bad;
  bad.emplace_back(1'000'000);  // no descriptor of ours
  sandbox.get_ready(std::move(bad));
  EXPECT_NE(owner.failure.find("cannot listen"), std::string::npos) << owner.failure;
  EXPECT_EQ(sandbox.discarded, 1);
  EXPECT_EQ(launcher.starts(), 0);
  settle();
  invoke();
  sandbox.get_ready(Listeners());
  EXPECT_EQ(launcher.starts(), 1) << "the failure is not remembered";
}

TEST_F(SandboxedStart, LeavesTheListenersOfALostSandbox) {
  const auto give = [this] {
    HostServer server;
    Listeners listeners;
    listeners.push_back(std::move(server.fd));
    sandbox.get_ready(std::move(listeners));
    return server.port;
  };
  invoke();
  const auto first = give();
  ASSERT_EQ(connect_to("127.0.0.1", first), 0);
  launcher.latest().lose("its sandbox has ended");
  settle();
  invoke();
  const auto second = give();
  EXPECT_EQ(connect_to("127.0.0.1", first), ECONNREFUSED) << "it would keep a whole network";
  EXPECT_EQ(connect_to("127.0.0.1", second), 0);
}

}  // namespace
}  // namespace coldframe::testing
