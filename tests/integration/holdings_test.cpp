// What an environment holds, as the kernel tells of real processes.
#include "emulator/limits/holdings.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "emulator/base/unique_fd.hpp"
#include "emulator/limits/no_limits.hpp"
#include "tests/support/child_fixture.hpp"

namespace coldframe::testing {
namespace {

using namespace std::chrono_literals;

class HoldingsOfUs : public ::testing::Test {
 protected:
  HoldingsOfUs() { limits->on_process(::getpid()); }
  struct Nobody final : LimitsEvents {
    void on_out_of_memory() override {}
  } nobody;
  NoLimits backend;
  std::unique_ptr<EnvironmentLimits> limits = backend.create("", {}, nobody);
  Holdings now() const { return read_holdings(::getpid(), *limits).value(); }
};

TEST_F(HoldingsOfUs, CountsWhatIsOpen) {
  const auto before = now();
  std::vector<UniqueFd> files;
  for (int i = 0; i < 5; ++i)
    files.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(now().descriptors.value(), before.descriptors.value() + 5);
}

TEST_F(HoldingsOfUs, CountsThreads) {
  std::thread([] {}).join();  // a sanitizer has a thread of its own from the first one on
  const auto before = now();
  std::jthread one([](const std::stop_token& stop) {
    while (!stop.stop_requested())
      std::this_thread::sleep_for(1ms);
  });
  EXPECT_EQ(now().threads.value(), before.threads.value() + 1);
}

TEST_F(HoldingsOfUs, CountsThreadsOfAllProcesses) {
  std::thread([] {}).join();
  const int before = count_threads(*limits).value();
  // Not by fork(), after which a sanitizer starts a thread of its own.
  const auto pid = static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
  if (pid == 0) {
    ::pause();
    ::_exit(0);
  }
  EXPECT_EQ(count_threads(*limits), before + 1);
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  EXPECT_EQ(count_threads(*limits), before);
}

TEST_F(HoldingsOfUs, CountsAChildThatNobodyHasWaitedFor) {
  const auto before = now();
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(0);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(now().children, before.children + 1);
  ::waitpid(pid, nullptr, 0);
  EXPECT_EQ(now().children, before.children);
}

TEST_F(HoldingsOfUs, SumsTheMemoryOfAll) {
  const auto before = now().resident_bytes.value();
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::pause();
    ::_exit(0);
  }
  EXPECT_GT(now().resident_bytes.value(), before + 100'000) << "the child's, shared or not";
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
}

TEST_F(HoldingsOfUs, NothingIsKnownOfWhoIsGone) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(0);
  ::waitpid(pid, nullptr, 0);
  EXPECT_FALSE(read_holdings(pid, *limits));
}

TEST_F(HoldingsOfUs, AreLookedAtForOnePercentOfTheTime) {
  HoldingsMeter meter;
  const TimePoint now{1h};
  int looks = 0;
  while (looks < 1'000'000 && meter.look(::getpid(), *limits, now))
    ++looks;
  EXPECT_GT(looks, 4) << "there is credit";
  EXPECT_LT(looks, 100'000) << "it ends";
  EXPECT_FALSE(meter.look(::getpid(), *limits, now));
  EXPECT_TRUE(meter.look(::getpid(), *limits, now + 1h)) << "time has brought more";
}

using HoldingsInRecords = ChildFixture;

TEST_F(HoldingsInRecords, OnlyIfSomebodyWantsThem) {
  play(k_obey);
  start();
  obey("respond 0");
  EXPECT_FALSE(records.invocations.back().descriptors);
  struct Wants final : RecordSink {
    std::vector<InvocationRecord> seen;
    void on_invocation(const InvocationRecord& record) override { seen.push_back(record); }
    bool wants_leftovers() const override { return true; }
  } wants;
  emulator().add_record_sink(wants);
  obey("respond 1");
  obey("respond 2");
  ASSERT_EQ(wants.seen.size(), 2U);
  EXPECT_EQ(wants.seen[0].threads, 1);
  EXPECT_EQ(wants.seen[0].children, 0);
  EXPECT_GE(wants.seen[0].descriptors.value_or(0), 3);
  EXPECT_GT(wants.seen[0].resident_bytes.value_or(0), 100'000);
  EXPECT_EQ(wants.seen[1].children, 0);
  obey("exit 1");
  ASSERT_EQ(wants.seen.size(), 3U);
  EXPECT_FALSE(wants.seen[2].threads) << "nobody is left who could hold anything";
}

TEST_F(HoldingsInRecords, HaveTheThreadsOfAnInvokeThatTimesOutAndOfNoOther) {
  function.timeout_s = 1;
  play(k_obey);
  start();
  obey("respond 0");
  EXPECT_FALSE(records.invocations.back().threads_at_timeout);
  obey("hang");
  EXPECT_EQ(records.invocations.back().threads_at_timeout, 1);
}

}  // namespace
}  // namespace coldframe::testing
