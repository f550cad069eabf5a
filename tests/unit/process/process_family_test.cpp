#include "emulator/process/process_family.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <csignal>

#include "tests/support/fake_launcher.hpp"

namespace coldframe::testing {
namespace {

struct Deaf final : ProcessEvents {
  void on_log(const LogEvent&) override {}
  void on_launch_failed(const LaunchFailure&) override {}
  void on_exit(const ExitStatus&) override {}
  void on_lost(const std::string&) override {}
};

class ProcessFamilyTest : public ::testing::Test {
 protected:
  ProcessFamilyTest() { launcher.attach(io); }
  boost::asio::io_context io;
  FakeLauncher launcher;
  Deaf events;
};

TEST_F(ProcessFamilyTest, IsGoneWhenAllAreGone) {
  ProcessFamily family;
  family.add(launcher.launch({}, events));
  family.add(launcher.launch({}, events));
  launcher.hold_the_dying();
  int gone = 0;
  family.kill([&] { ++gone; });
  io.poll();
  EXPECT_EQ(gone, 0);
  launcher.let_die();
  io.restart();
  io.poll();
  EXPECT_EQ(gone, 1);
  EXPECT_EQ(launcher.running(), 0);
}

TEST_F(ProcessFamilyTest, SpeaksOfTheRuntimeAndSignalsAll) {
  launcher.measure_as(77);
  ProcessFamily family;
  family.add(launcher.launch({}, events));
  EXPECT_EQ(family.runtime(), nullptr);
  EXPECT_EQ(family.pid(), 0);
  family.set_runtime(launcher.launch({}, events));
  EXPECT_EQ(family.pid(), 77);
  family.signal(SIGUSR1);
  EXPECT_EQ(launcher.process(0).signals(), std::vector<int>{SIGUSR1});
  EXPECT_EQ(launcher.process(1).signals(), std::vector<int>{SIGUSR1});
}

TEST_F(ProcessFamilyTest, MayBeDestroyedByWhoeverIsTold) {
  auto family = std::make_unique<ProcessFamily>();
  family->add(launcher.launch({}, events));
  family->kill([&] { family.reset(); });
  io.poll();
  EXPECT_EQ(family, nullptr);
}

}  // namespace
}  // namespace coldframe::testing
