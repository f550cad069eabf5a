// What functions print: whole lines, in the right tail, whatever prints beside them.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <regex>

#include "emulator/base/unique_fd.hpp"
#include "tests/support/child_fixture.hpp"

namespace coldframe::testing {
namespace {

const HeaderList k_tail{{"X-Amz-Log-Type", "Tail"}};

class Output : public ChildFixture {
 protected:
  Output() { options.concurrency = 8; }
  // Lets eight environments print at once, each with a word of its own in every other line.
  std::vector<HttpReply> shout(const HeaderList& headers, int bytes) {
    std::vector<InvokeClient> callers;
    for (int i = 0; i < 8; ++i) {
      const std::string name = "speaker-" + std::to_string(i);
      callers.push_back(
          call(order("print " + name + "; print-size " + std::to_string(bytes) + "; print-err " +
                     name + "; print " + name + "; respond \"" + name + "\""),
               headers));
    }
    std::vector<HttpReply> answers;
    for (auto& waiting : callers)
      answers.push_back(waiting.finish());
    wait_for(
        *this, [&] { return records.invocations.size() == 8; }, "eight records");
    return answers;
  }
  // Each line is one that somebody wrote, whole, and none is missing.
  static void expect_whole_lines(const std::string& text, int bytes) {
    int numbered = 0;
    int spoken = 0;
    int platform = 0;
    for (const auto& line : split_lines(text)) {
      if (line.starts_with("log line ")) {
        ++numbered;
        ASSERT_EQ(line.size(), 99U) << line;
        ASSERT_EQ(line.find_first_not_of("0123456789 .", 9), std::string::npos) << line;
      } else if (line.starts_with("speaker-")) {
        ++spoken;
        ASSERT_EQ(line.size(), 9U) << line;
      } else {
        ++platform;
        const auto id = line.find(" RequestId: ");
        ASSERT_TRUE(id == 3 || id == 5 || id == 6) << line;  // END, START, REPORT
      }
    }
    EXPECT_EQ(numbered, 8 * bytes / 100);
    EXPECT_EQ(spoken, 8 * 3);
    EXPECT_EQ(platform, 8 * 3);
  }
};

TEST_F(Output, LinesOfEightEnvironmentsThatPrintAtOnceAreNeverTorn) {
  play(k_obey);
  start();
  shout({}, 100000);
  expect_whole_lines(log.text(), 100000);
}

TEST_F(Output, TailsOfEightEnvironmentsThatPrintAtOnceDoNotMix) {
  play(k_obey);
  start();
  const auto answers = shout({{"X-Amz-Log-Type", "Tail"}}, 50000);
  for (const auto& answer : answers) {
    const std::string own = answer.body.substr(1, answer.body.size() - 2);
    const auto tail = log_tail(answer);
    EXPECT_EQ(tail.size(), 4096U);
    EXPECT_NE(tail.find(own + "\n"), std::string::npos);
    const std::regex any_speaker("speaker-[0-7]");
    for (std::sregex_iterator it(tail.begin(), tail.end(), any_speaker), end; it != end; ++it) {
      EXPECT_EQ(it->str(), own);
    }
    EXPECT_NE(tail.find("REPORT RequestId: " + answer.header("x-amzn-RequestId")),
              std::string::npos);
  }
}

// The program's own way out, which exists only once the emulator does.
class LateWriter final : public TextSink {
 public:
  void open(Emulator& emulator, int fd) { writer_ = emulator.make_writer(fd); }
  FdWriter& writer() { return *writer_; }
  void write(std::string_view text) override { writer_->write(text); }
  bool congested() const override { return writer_->congested(); }

 private:
  std::unique_ptr<FdWriter> writer_;
};

TEST_F(Output, LinesArriveWholeAtAReaderThatIsSlow) {
  LateWriter out;
  options.log = &out;
  play(k_obey);
  start();
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd read_end(ends[0]);
  const UniqueFd write_end(ends[1]);
  ::fcntl(read_end.get(), F_SETFL, O_NONBLOCK);
  out.open(emulator(), write_end.get());
  shout({}, 100000);  // meanwhile nobody reads: the pipe is full long since
  std::string got;
  const auto bite = [&] {
    out.writer().flush_now();
    char bytes[4096];
    const ssize_t size = ::read(read_end.get(), bytes, sizeof bytes);
    if (size > 0) got.append(bytes, static_cast<std::size_t>(size));
    return size <= 0 && out.writer().idle();
  };
  ASSERT_TRUE(until(bite));
  expect_whole_lines(got, 100000);
  stop();
}

TEST_F(Output, WhatWasPrintedBeforeTheAnswerStandsBetweenStartAndEnd) {
  play(k_obey);
  start();
  for (int i = 0; i < 60; ++i) {
    log.clear();
    const std::string word = "word-" + std::to_string(i);
    const std::string size = std::to_string(100 + (i % 7) * (i % 5) * 10000);
    obey("print-err " + word + "; frame INFO " + word + "; print-size " + size + "; print " + word +
         "; respond 1");
    const auto lines = log.lines();
    ASSERT_GE(lines.size(), 7U);
    EXPECT_TRUE(lines.front().starts_with("START ")) << lines.front();
    EXPECT_TRUE(lines[lines.size() - 2].starts_with("END ")) << lines[lines.size() - 2];
    EXPECT_TRUE(lines.back().starts_with("REPORT ")) << lines.back();
    EXPECT_EQ(log.count(word), 3);
    ASSERT_FALSE(HasFailure()) << "in round " << i;
  }
}

TEST_F(Output, AFrameInTwoPartsIsOneEventAmongPlainLines) {
  play(k_obey);
  start();
  obey("print plain; frame-split INFO framed\\nin two lines; respond 1");
  const auto lines = log.lines();
  ASSERT_EQ(lines.size(), 6U);
  EXPECT_TRUE(log.contains("framed\nin two lines\n"));
  EXPECT_TRUE(log.contains("plain\n"));
}

TEST_F(Output, ALineInPiecesIsOneLine) {
  play(k_obey);
  start();
  obey("print-partial one; sleep 30ms; print-partial  and; sleep 30ms; print  the same; respond 1");
  EXPECT_EQ(log.lines().at(1), "oneandthe same");
}

// Where the line of `word` stands in what is between START and END; 0: nowhere.
std::size_t place_of(const std::string& word, const std::vector<std::string>& lines) {
  for (std::size_t i = 1; i < lines.size() && !lines[i].starts_with("END "); ++i) {
    if (lines[i] == word) return i;
  }
  return 0;
}

TEST_F(Output, AnUnfinishedLineBelongsToTheInvokeThatBeganIt) {
  play(k_obey);
  start();
  const auto first = obey("print-partial secret of caller one; respond 1", k_tail);
  const auto second = obey("respond 2");
  const auto third = obey("print line three; respond 3", k_tail);
  EXPECT_EQ(place_of("secret of caller one", split_lines(log_tail(first))), 1U) << log_tail(first);
  EXPECT_EQ(log_tail(third).find("secret"), std::string::npos) << log_tail(third);
  EXPECT_EQ(place_of("line three", split_lines(log_tail(third))), 1U) << log_tail(third);
  EXPECT_EQ(log.count("secret of caller one"), 1);
}

TEST_F(Output, AnUnfinishedLineComesBeforeTheEndThatATimeoutMakes) {
  play(k_obey);
  function.timeout_s = 1;
  start();
  const auto answer = obey("print-partial stuck in step two; hang", k_tail);
  EXPECT_EQ(place_of("stuck in step two", split_lines(log_tail(answer))), 1U) << log_tail(answer);
  EXPECT_EQ(log_tail(obey("respond 2", k_tail)).find("stuck"), std::string::npos);
}

// The grandchild holds the pipe open: its end does not tell that the line is over.
TEST_F(Output, AnUnfinishedLineComesBeforeTheEndThatACrashMakes) {
  play(k_obey);
  start();
  for (const std::string end : {"exit 3", "signal SEGV"}) {
    const auto answer = obey("fork-grandchild; print-partial last words; " + end, k_tail);
    EXPECT_EQ(place_of("last words", split_lines(log_tail(answer))), 1U) << log_tail(answer);
  }
}

TEST_F(Output, ALineOfAMegabyteAndBinaryBytesAreSurvived) {
  play("next\nprint a\\0b\\xff\\xfec\nprint-size 1MB\nrespond 1\nnext\n");
  start();
  invoke("{}");
  EXPECT_TRUE(
      log.contains(std::string("a\0b\xff\xfe"
                               "c\n",
                               7)));
}

TEST_F(Output, OfAnInitComesBeforeStartAlsoWhereItsLineIsUnfinished) {
  play("starts-in starts\nprint-partial loading the model\non-start 1\n  exit 1\nend\n" +
       std::string(k_obey));
  start();
  obey("print serving; respond 1");
  const auto lines = log.lines();
  ASSERT_EQ(lines.size(), 7U);
  EXPECT_EQ(lines[0], "loading the model");
  EXPECT_TRUE(lines[1].starts_with("INIT_REPORT "));
  EXPECT_EQ(lines[2], "loading the model");
  EXPECT_TRUE(lines[3].starts_with("START "));
  EXPECT_EQ(lines[4], "serving");
}

TEST_F(Output, OfAnInitComesBeforeStart) {
  play("print loading the model\nforever\n  obey\nend\n");
  start();
  obey("print serving; respond 1");
  const auto lines = log.lines();
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_EQ(lines[0], "loading the model");
  EXPECT_TRUE(lines[1].starts_with("START "));
  EXPECT_EQ(lines[2], "serving");
}

}  // namespace
}  // namespace coldframe::testing
