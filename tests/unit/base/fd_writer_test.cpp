#include "emulator/base/fd_writer.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "emulator/base/unique_fd.hpp"

namespace coldframe {
namespace {

constexpr std::size_t k_mib = 1024 * 1024;

class HandClock final : public Clock {
 public:
  TimePoint now() const override { return now_; }
  WallTime wall_now() const override { return WallTime(now_.time_since_epoch()); }
  void advance(Duration by) { now_ += by; }

 private:
  TimePoint now_{std::chrono::hours(1)};
};

class FdWriterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ::signal(SIGPIPE, SIG_IGN);
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    reader_.reset(ends[0]);
    writer_.reset(ends[1]);
    ::fcntl(reader_.get(), F_SETFL, O_NONBLOCK);
  }

  // What the pipe holds now, at most `most` bytes.
  std::string take(std::size_t most = 64 * k_mib) {
    std::string out;
    char buffer[4096];
    while (out.size() < most) {
      const auto got = ::read(reader_.get(), buffer, std::min(sizeof buffer, most - out.size()));
      if (got <= 0) break;
      out.append(buffer, static_cast<std::size_t>(got));
    }
    return out;
  }

  // One turn of the loop, a second after the one before.
  void turn(FdWriter& out) {
    clock_.advance(std::chrono::seconds(1));
    timers_.run_due(clock_.now());
    out.flush_due();
  }

  HandClock clock_;
  Timers timers_;
  UniqueFd reader_;
  UniqueFd writer_;
};

std::string numbered_lines(int count) {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += "line " + std::to_string(i) + "\n";
  return text;
}

TEST_F(FdWriterTest, WritesNothingBeforeTheLoopHasTurned) {
  FdWriter out(timers_, clock_, writer_.get());
  EXPECT_TRUE(out.idle());
  out.write("one\n");
  out.write("two\n");
  EXPECT_EQ(take(), "");
  EXPECT_FALSE(out.idle());
  turn(out);
  EXPECT_EQ(take(), "one\ntwo\n");
  EXPECT_TRUE(out.idle());
}

TEST_F(FdWriterTest, SendsALoneLineAtOnceAndWhatFollowsTogetherAMomentLater) {
  FdWriter out(timers_, clock_, writer_.get());
  out.write("one\n");
  out.flush_due();
  EXPECT_EQ(take(), "one\n");
  out.write("two\n");
  out.flush_due();
  out.write("three\n");
  out.flush_due();
  EXPECT_EQ(take(), "");
  EXPECT_EQ(timers_.next_due(), clock_.now() + k_flush_pause);
  clock_.advance(k_flush_pause);
  timers_.run_due(clock_.now());
  EXPECT_EQ(take(), "two\nthree\n");
  EXPECT_EQ(timers_.next_due(), std::nullopt);
}

TEST_F(FdWriterTest, DoesNotHoldBackMuchForThePause) {
  FdWriter out(timers_, clock_, writer_.get());
  out.write("one\n");
  out.flush_due();
  out.write(std::string(65 * 1024, 'x'));
  out.flush_due();
  EXPECT_GT(take().size(), 4096U);
}

TEST_F(FdWriterTest, FlushNowWaitsForNoPause) {
  FdWriter out(timers_, clock_, writer_.get());
  out.write("one\n");
  out.flush_due();
  out.write("two\n");
  out.flush_due();
  out.flush_now();
  EXPECT_EQ(take(), "one\ntwo\n");
  EXPECT_TRUE(out.idle());
  EXPECT_EQ(timers_.next_due(), std::nullopt);
}

TEST_F(FdWriterTest, LeavesNoTimerBehind) {
  {
    FdWriter out(timers_, clock_, writer_.get());
    out.write(std::string(k_mib, 'x'));
    out.flush_due();
    EXPECT_NE(timers_.next_due(), std::nullopt);
  }
  EXPECT_EQ(timers_.next_due(), std::nullopt);
}

TEST_F(FdWriterTest, LeavesTheSharedDescriptorBlocking) {
  FdWriter out(timers_, clock_, writer_.get());
  out.write(std::string(k_mib, 'x'));
  turn(out);
  EXPECT_EQ(::fcntl(writer_.get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(FdWriterTest, NeverBlocksTheLoopAndLosesNothingToASlowReader) {
  FdWriter out(timers_, clock_, writer_.get());
  const std::string text = numbered_lines(60000);
  ASSERT_GT(text.size(), 8 * 64 * 1024U);  // many times what a pipe holds
  out.write(text);
  std::string got;
  while (got.size() < text.size()) {
    turn(out);
    const std::string piece = take(10000);
    ASSERT_FALSE(piece.empty());
    got += piece;
  }
  EXPECT_TRUE(got == text);
  turn(out);
  EXPECT_TRUE(out.idle());
}

TEST_F(FdWriterTest, AsksAgainALittleLaterWhileTheReaderSleeps) {
  FdWriter out(timers_, clock_, writer_.get());
  out.write(std::string(k_mib, 'x'));
  out.flush_due();
  for (int i = 0; i < 100; ++i) {
    const auto due = timers_.next_due();
    ASSERT_TRUE(due) << "nothing would ever ask again";
    EXPECT_GT(*due, clock_.now()) << "that would be a busy loop";
    clock_.advance(*due - clock_.now());
    timers_.run_due(clock_.now());
  }
  EXPECT_EQ(take().size(), 64 * 1024U);
}

TEST_F(FdWriterTest, KeepsTheOrderOfWhatIsWrittenWhileItWaits) {
  FdWriter out(timers_, clock_, writer_.get());
  std::string wanted;
  std::string got;
  for (int round = 0; round < 1000; ++round) {
    const std::string line = std::to_string(round) + std::string(5000, '.') + "\n";
    wanted += line;
    out.write(line);
    turn(out);
    if (round % 7 == 0) got += take(20000);
  }
  while (got.size() < wanted.size()) {
    got += take();
    turn(out);
  }
  EXPECT_TRUE(got == wanted);
}

TEST_F(FdWriterTest, TellsOnceThatTheReaderHasGone) {
  FdWriter out(timers_, clock_, writer_.get());
  int told = 0;
  int error_number = 0;
  out.on_broken([&](int number) {
    ++told;
    error_number = number;
  });
  reader_.reset();
  out.write("to nobody\n");
  turn(out);
  out.write("nor this\n");
  turn(out);
  out.flush_now();
  EXPECT_EQ(told, 1);
  EXPECT_EQ(error_number, EPIPE);
  EXPECT_TRUE(out.broken());
  EXPECT_TRUE(out.idle());
}

TEST_F(FdWriterTest, NoticesAReaderThatGoesWhileItWaits) {
  FdWriter out(timers_, clock_, writer_.get());
  bool told = false;
  out.on_broken([&](int) { told = true; });
  out.write(std::string(k_mib, 'x'));
  turn(out);
  EXPECT_FALSE(told);
  reader_.reset();
  turn(out);
  EXPECT_TRUE(told);
  EXPECT_TRUE(out.idle());
  EXPECT_EQ(timers_.next_due(), std::nullopt);
}

TEST_F(FdWriterTest, IsCongestedWhileMegabytesWaitAndNotOnceMostOfThemAreOut) {
  FdWriter out(timers_, clock_, writer_.get());
  EXPECT_FALSE(out.congested());
  out.write(std::string(5 * k_mib, 'x'));
  EXPECT_TRUE(out.congested());
  std::size_t got = 0;
  while (got < 2 * k_mib) {
    turn(out);
    got += take().size();
  }
  EXPECT_FALSE(out.congested());
  EXPECT_FALSE(out.idle());
}

TEST_F(FdWriterTest, WritesAPlainFileWhole) {
  char name[] = "/tmp/coldframe-test-XXXXXX";
  UniqueFd file(::mkstemp(name));
  ASSERT_TRUE(file);
  ::unlink(name);
  FdWriter out(timers_, clock_, file.get());
  const std::string text = numbered_lines(100000);
  out.write(text);
  turn(out);
  std::string got(text.size() + 1, '\0');
  got.resize(static_cast<std::size_t>(::pread(file.get(), got.data(), got.size(), 0)));
  EXPECT_TRUE(got == text);
}

TEST_F(FdWriterTest, DoesNotBlockOnATerminalThatNobodyReads) {
  UniqueFd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!master || ::grantpt(master.get()) != 0 || ::unlockpt(master.get()) != 0) {
    GTEST_SKIP() << "no pseudo-terminals here";
  }
  UniqueFd terminal(::open(::ptsname(master.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
  ASSERT_TRUE(terminal);
  FdWriter out(timers_, clock_, terminal.get());
  const std::string text = numbered_lines(100000);
  out.write(text);
  turn(out);
  EXPECT_FALSE(out.idle()) << "a terminal holds a few kilobytes";
  EXPECT_EQ(::fcntl(terminal.get(), F_GETFL) & O_NONBLOCK, 0) << "the shared one stays as it was";
  std::string got;
  char buffer[4096];
  for (int i = 0; i < 100000 && !out.idle(); ++i) {
    const auto size = ::read(master.get(), buffer, sizeof buffer);
    ASSERT_GT(size, 0);
    got.append(buffer, static_cast<std::size_t>(size));
    turn(out);
  }
  EXPECT_TRUE(out.idle());
}

TEST_F(FdWriterTest, TellsThatTheDiskIsFull) {
  UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  if (!full) GTEST_SKIP() << "no /dev/full here";
  FdWriter out(timers_, clock_, full.get());
  int error_number = 0;
  out.on_broken([&](int number) { error_number = number; });
  out.write("x\n");
  turn(out);
  EXPECT_EQ(error_number, ENOSPC);
}

}  // namespace
}  // namespace coldframe
