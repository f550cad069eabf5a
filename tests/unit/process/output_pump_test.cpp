#include "emulator/process/output_pump.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <string>

namespace coldframe {
namespace {

class OutputPumpTest : public ::testing::Test {
 protected:
  void SetUp() override {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    writer.reset(ends[1]);
    pump = std::make_shared<OutputPump>(
        io, UniqueFd(ends[0]),
        [this](std::string_view bytes, OutputPump::Until next) {
          seen += bytes;
          if (next == OutputPump::Until::line_end) seen += "|";
          ended = ended || next == OutputPump::Until::end;
          return !seen.empty() && seen.back() != '\n' && seen.back() != '|';
        },
        [this] { return congested; }, cut_short, in_line);
    pump->start();
  }
  void TearDown() override { pump->close(); }

  // As much as the pipe takes.
  std::size_t fill() {
    const std::string block(4096, 'x');
    std::size_t all = 0;
    for (ssize_t wrote = 0; (wrote = ::write(writer.get(), block.data(), block.size())) > 0;)
      all += static_cast<std::size_t>(wrote);
    return all;
  }
  void turn_for(std::chrono::milliseconds time) {
    io.restart();
    io.run_for(time);
  }

  boost::asio::io_context io;
  UniqueFd writer;
  std::shared_ptr<OutputPump> pump;
  std::string seen;
  bool ended = false;
  bool congested = false;
  bool cut_short = false;
  bool in_line = false;
};

TEST_F(OutputPumpTest, ReadsWhatIsWrittenAndSeesTheEnd) {
  ASSERT_EQ(::write(writer.get(), "abc", 3), 3);
  turn_for(std::chrono::milliseconds(5));
  EXPECT_EQ(seen, "abc");
  writer.reset();
  turn_for(std::chrono::milliseconds(5));
  EXPECT_TRUE(ended);
}

TEST_F(OutputPumpTest, ReadsNothingWhileTheSinkIsCongestedAndEverythingAfterwards) {
  congested = true;
  turn_for(std::chrono::milliseconds(1));
  ASSERT_EQ(::write(writer.get(), "abc", 3), 3);
  // The wait that was armed before may bring one bite; from then on the pipe fills.
  turn_for(std::chrono::milliseconds(30));
  const auto before = seen.size();
  const auto written = fill();
  turn_for(std::chrono::milliseconds(30));
  EXPECT_EQ(seen.size(), before);
  EXPECT_EQ(fill(), 0U) << "the writer has to wait";
  congested = false;
  turn_for(std::chrono::milliseconds(50));
  EXPECT_EQ(seen.size(), 3 + written);
}

TEST_F(OutputPumpTest, TellsOnlyWhenItStoppedBeforeTheEnd) {
  ::fcntl(writer.get(), F_SETPIPE_SZ, 1024 * 1024);
  ASSERT_EQ(::write(writer.get(), "abc", 3), 3);
  turn_for(std::chrono::milliseconds(5));
  EXPECT_FALSE(cut_short);
  const auto written = fill();
  if (written < 512 * 1024) GTEST_SKIP() << "pipes hold only " << written << " bytes here";
  io.restart();
  io.run_one();
  EXPECT_TRUE(cut_short);
}

TEST_F(OutputPumpTest, EndsALineOnlyIfOneIsUnfinishedAndItsRestIsNotThere) {
  const auto write = [this](std::string_view text) {
    ASSERT_EQ(::write(writer.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  };
  pump->end_line();
  write("whole\n");
  pump->drain();
  pump->end_line();
  write("begun, ");
  pump->drain();
  write("ended\n");
  pump->end_line();
  EXPECT_EQ(seen, "whole\nbegun, ended\n");
  write("begun");
  pump->drain();
  pump->end_line();
  pump->end_line();
  write("another\n");
  pump->drain();
  EXPECT_EQ(seen, "whole\nbegun, ended\nbegun|another\n");
}

TEST_F(OutputPumpTest, ADrainReadsWhatIsThereThoughTheSinkIsCongested) {
  congested = true;
  ASSERT_EQ(::write(writer.get(), "last words", 10), 10);
  pump->drain();
  EXPECT_EQ(seen, "last words");
}

}  // namespace
}  // namespace coldframe
