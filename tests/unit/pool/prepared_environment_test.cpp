// An environment prepared ahead whose groups are made elsewhere, when the test says so.
#include <gtest/gtest.h>

#include <utility>

#include "emulator/limits/no_limits.hpp"
#include "emulator/pool/environment_pool.hpp"
#include "tests/support/captured_log.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_launcher.hpp"

namespace coldframe::testing {
namespace {

class LimitsElsewhere final : public LimitsBackend {
 public:
  std::string_view name() const override { return "elsewhere"; }
  std::unique_ptr<EnvironmentLimits> create(const std::string&, const FunctionConfig&,
                                            LimitsEvents&) override {
    return std::make_unique<Groups>(*this);
  }
  bool asked() const { return made_ != nullptr; }
  void make(Result<void> result = {}) {
    const auto made = std::exchange(made_, nullptr);
    ASSERT_TRUE(made) << "nobody waits";
    made(std::move(result));
  }
  int made_at_once = 0;
  int closed = 0;

 private:
  class Groups final : public EnvironmentLimits {
   public:
    explicit Groups(LimitsElsewhere& owner) : owner_(owner) {}
    Result<void> open() override {
      ++owner_.made_at_once;
      return {};
    }
    void open_ahead(std::function<void(Result<void>)> done) override {
      owner_.made_ = std::move(done);
    }
    void on_process(pid_t) override {}
    std::vector<pid_t> processes() const override { return {}; }
    void sample(TimePoint, bool) override {}
    std::optional<CpuTime> cpu() const override { return std::nullopt; }
    std::optional<std::int64_t> peak_bytes() const override { return std::nullopt; }
    void close(std::function<void()> done) override {
      ++owner_.closed;
      done();
    }

   private:
    LimitsElsewhere& owner_;
  };
  std::function<void(Result<void>)> made_;
};

// Of which making one takes time, as the pool believes.
class Places final : public Sandbox {
 public:
  explicit Places(ProcessLauncher& launcher) : outside_(launcher) {}
  std::string_view name() const override { return "places"; }
  bool takes_time() const override { return true; }
  std::unique_ptr<EnvironmentSandbox> create(const std::string& id,
                                             const FunctionConfig& config) override {
    return outside_.create(id, config);
  }

 private:
  NoSandbox outside_;
};

struct Nothing final : RecordSink {};

class PreparedEnvironment : public ::testing::Test {
 protected:
  PreparedEnvironment() {
    launcher.attach(io);
    config.entry_point = {"/bin/true"};
  }
  void submit() {
    auto invocation = std::make_unique<Invocation>();
    invocation->request.payload = make_payload("{}");
    pool.submit(std::move(invocation));
  }

  boost::asio::io_context io;
  FakeClock clock;
  IdSource ids;
  LimitsElsewhere limits;
  Freezing freezing;
  FakeLauncher launcher;
  Places sandbox{launcher};
  Nothing records;
  CapturedLog log;
  EnvironmentServices services{io, clock, clock, ids, limits, freezing, sandbox, records, log};
  FunctionConfig config;
  EnvironmentPool pool{services, config, {}};
};

TEST_F(PreparedEnvironment, IsUsedOnceItsGroupsAreMade) {
  pool.prepare_next();
  EXPECT_TRUE(pool.preparing());
  limits.make();
  EXPECT_FALSE(pool.preparing());
  submit();
  EXPECT_EQ(launcher.starts(), 1);
  EXPECT_EQ(limits.made_at_once, 0);
}

TEST_F(PreparedEnvironment, IsNotWaitedForWhileItsGroupsAreMade) {
  pool.prepare_next();
  submit();
  EXPECT_EQ(launcher.starts(), 1);
  EXPECT_EQ(limits.made_at_once, 1);
  limits.make();
  submit();
  EXPECT_EQ(launcher.starts(), 2);
  EXPECT_EQ(limits.made_at_once, 1) << "it was kept for the next";
}

TEST_F(PreparedEnvironment, IsTriedAgainWhenItsGroupsCannotBeMade) {
  pool.prepare_next();
  limits.make(host_error("no room"));
  EXPECT_FALSE(pool.preparing());
  EXPECT_EQ(log.text(), "") << "the cold start that tries it again tells";
  pool.prepare_next();
  EXPECT_TRUE(pool.preparing());
  limits.make(host_error("no room"));
  submit();
  EXPECT_EQ(launcher.starts(), 1);
  EXPECT_EQ(limits.made_at_once, 1);
}

TEST_F(PreparedEnvironment, EndsWithThePool) {
  pool.prepare_next();
  bool stopped = false;
  pool.stop([&] { stopped = true; });
  io.poll();
  EXPECT_TRUE(stopped);
  EXPECT_EQ(limits.closed, 1);
}

}  // namespace
}  // namespace coldframe::testing
