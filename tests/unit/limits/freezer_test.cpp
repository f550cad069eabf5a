#include "emulator/limits/freezer.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "emulator/base/unique_fd.hpp"
#include "emulator/process/activity.hpp"
#include "emulator/process/usage.hpp"
#include "tests/support/fake_clock.hpp"

namespace coldframe {
namespace {

using namespace std::chrono_literals;

class Process final : public RuntimeProcess {
 public:
  pid_t pid() const override { return 0; }
  void drain_output() override {}
  void kill(std::function<void()>) override {}
  void suspend() override { log += "stop "; }
  void resume() override { log += "continue "; }
  std::string log;
};

class Limits final : public EnvironmentLimits {
 public:
  void on_process(pid_t) override {}
  bool freeze() override {
    if (can_freeze) log += "freeze ";
    return can_freeze;
  }
  void thaw() override { log += "thaw "; }
  std::vector<pid_t> processes() const override { return members; }
  void sample(TimePoint, bool) override {}
  std::optional<CpuTime> cpu() const override { return std::nullopt; }
  std::optional<std::int64_t> peak_bytes() const override { return std::nullopt; }

  bool can_freeze = false;
  std::vector<pid_t> members{-1};  // of no CPU time; or a process that works
  std::string log;
};

class FreezerTest : public ::testing::Test {
 protected:
  FreezerTest() {
    freezing.on = true;
    freezing.tell = [this](const std::string& line) { told += line; };
  }
  testing::FakeClock clock;
  Freezing freezing;
  std::string told;
  const std::string function = "f";
  Limits limits;
  Process process;
  Freezer freezer{clock, clock, freezing, function, limits};
};

TEST_F(FreezerTest, StopsSomeMillisecondsAfterTheAnswerAndGoesOnWithTheNextEvent) {
  freezer.begin();
  freezer.rest(process, true);
  clock.advance(1ms);
  EXPECT_EQ(process.log, "") << "it looks first";
  clock.advance(1ms);
  EXPECT_EQ(process.log, "stop ");
  EXPECT_TRUE(freezer.frozen());
  freezer.wake();
  EXPECT_EQ(process.log, "stop continue ");
  EXPECT_FALSE(freezer.frozen());
  clock.advance(1s);
  EXPECT_EQ(process.log, "stop continue ");
}

TEST_F(FreezerTest, LeavesABusyEnvironmentAlone) {
  freezer.begin();
  for (int i = 0; i < 20; ++i) {
    freezer.rest(process, true);
    clock.advance(900us);
    freezer.wake();
    clock.advance(5ms);
  }
  EXPECT_EQ(process.log, "");
}

TEST_F(FreezerTest, PrefersWhatReachesEveryProcess) {
  limits.can_freeze = true;
  freezer.rest(process, false);
  clock.advance(1ms);
  EXPECT_EQ(limits.log, "freeze ");
  freezer.wake();
  EXPECT_EQ(limits.log, "freeze thaw ");
  EXPECT_EQ(process.log, "");
}

TEST_F(FreezerTest, LeavesWhoIsBeingKilledFrozen) {
  limits.can_freeze = true;
  freezer.rest(process, false);
  clock.advance(1ms);
  freezer.forget();
  EXPECT_FALSE(freezer.frozen());
  freezer.wake();
  EXPECT_EQ(limits.log, "freeze ") << "to run on, if only for a moment, is not for the dead";
  freezer.rest(process, false);
  clock.advance(1ms);
  EXPECT_EQ(limits.log, "freeze freeze ") << "the next one";
}

TEST_F(FreezerTest, TellsOnceOfAProcessThatAnInvokeHasLeft) {
  freezer.begin();
  limits.members = {-1, -2};
  for (int i = 0; i < 3; ++i) {
    freezer.rest(process, true);
    clock.advance(5ms);
    freezer.wake();
  }
  EXPECT_EQ(told,
            "coldframe: note: 'f': a process that it had started was still there when it had "
            "answered: Lambda freezes it until the next invoke (W23)\n");
}

// A process that works, or rests, when it is told to.
class Worker {
 public:
  Worker() {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const UniqueFd read_end(ends[0]);
    tell_.reset(ends[1]);
    pid_ = ::fork();
    if (pid_ != 0) return;
    tell_.reset();
    ::alarm(60);
    pollfd told{read_end.get(), POLLIN, 0};
    for (char byte = 0; ::read(read_end.get(), &byte, 1) == 1;) {
      while (::poll(&told, 1, 0) == 0) {
      }
      if (::read(read_end.get(), &byte, 1) != 1) break;
    }
    ::_exit(0);
  }
  ~Worker() {
    tell_.reset();
    ::waitpid(pid_, nullptr, 0);
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  pid_t pid() const { return pid_; }
  void work() { turn(ProcessActivity::working); }
  void rest() { turn(ProcessActivity::resting); }

 private:
  void turn(ProcessActivity wanted) {
    ASSERT_EQ(::write(tell_.get(), "", 1), 1);
    while (process_activity(pid_) != wanted)
      ::usleep(100);
  }
  UniqueFd tell_;
  pid_t pid_ = 0;
};

constexpr const char* k_works =
    "coldframe: note: 'f': it was still working when it had answered: Lambda freezes it until the "
    "next invoke (W23)\n";

TEST_F(FreezerTest, TellsOfWorkThatGoesOn) {
  Worker worker;
  limits.members = {worker.pid()};
  freezer.begin();
  worker.work();
  freezer.rest(process, true);
  clock.advance(2ms);  // at once for the worker: no tick of the kernel has counted what it used
  EXPECT_EQ(told, "") << "perhaps it only waits";
  EXPECT_FALSE(freezer.frozen());
  clock.advance(251ms);
  EXPECT_EQ(told, k_works);
  EXPECT_TRUE(freezer.frozen());
}

// Of this process, which is busy in real time while the clock is a fake.
void work() {
  const auto end = *process_cpu(::getpid()) + 5ms;
  while (*process_cpu(::getpid()) < end) {
  }
}

TEST_F(FreezerTest, TellsOfWorkByTheTimeThatItUses) {
  freezing.looks[function].states = 1000;  // asked often enough
  limits.members = {::getpid()};
  freezer.begin();
  for (int i = 0; i < 2; ++i) {
    freezer.rest(process, true);
    clock.advance(1ms);
    if (i == 1) work();
    clock.advance(1ms);
    EXPECT_EQ(freezer.frozen(), i == 0);
    if (i == 0) freezer.wake();
  }
  clock.advance(250ms);
  work();
  clock.advance(1ms);
  EXPECT_EQ(told, k_works);
}

TEST_F(FreezerTest, SaysNothingOfThreadsThatWaitForMoreWorkForAMoment) {
  Worker worker;
  limits.members = {worker.pid()};
  freezer.begin();
  for (int i = 0; i < 4; ++i) {
    worker.work();
    freezer.rest(process, true);
    clock.advance(2ms);
    EXPECT_EQ(freezer.frozen(), i == 3) << "then it is known, and frozen in time";
    worker.rest();
    clock.advance(260ms);
    EXPECT_TRUE(freezer.frozen());
    freezer.wake();
  }
  EXPECT_EQ(told, "");
}

TEST_F(FreezerTest, SaysNothingOfProcessesThatWereThereBeforeAnyEvent) {
  limits.members = {-1, -2};
  freezer.begin();
  freezer.rest(process, true);
  clock.advance(5ms);
  EXPECT_EQ(told, "");
  EXPECT_TRUE(freezer.frozen());
}

TEST_F(FreezerTest, DoesNothingUnlessItIsSwitchedOn) {
  freezing.on = false;
  freezer.begin();
  freezer.rest(process, true);
  clock.advance(1s);
  EXPECT_FALSE(freezer.frozen());
  EXPECT_FALSE(clock.next_due());
}

}  // namespace
}  // namespace coldframe
