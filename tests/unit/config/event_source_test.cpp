// Where the event of an invoke comes from, and what is checked before anything is started.
#include "emulator/config/event_source.hpp"

#include <gtest/gtest.h>

#include "tests/unit/process/child_fixture.hpp"

namespace coldframe {
namespace {

class EventSource : public ::testing::Test {
 protected:
  std::string event() {
    auto text = read_event(options, function);
    EXPECT_TRUE(text) << (text ? "" : text.error().message);
    return text ? *text : "";
  }
  std::string refusal() {
    auto text = read_event(options, function);
    EXPECT_FALSE(text);
    if (text) return "";
    EXPECT_EQ(text.error().code, ExitCode::usage);
    return text.error().message;
  }
  // Puts the text behind standard input for as long as the test runs.
  void type_in(const std::string& text) {
    auto [read_end, write_end] = testing::make_pipe();
    ASSERT_EQ(::write(write_end.get(), text.data(), text.size()),
              static_cast<ssize_t>(text.size()));
    standard_input_.reset(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
    ::dup2(read_end.get(), STDIN_FILENO);
  }
  void TearDown() override {
    if (standard_input_) ::dup2(standard_input_.get(), STDIN_FILENO);
  }

  testing::TempDir dir;
  EventOptions options;
  FunctionFile function;

  UniqueFd standard_input_;
};

TEST_F(EventSource, IsAnEmptyObjectWithoutAnyOption) { EXPECT_EQ(event(), "{}"); }

TEST_F(EventSource, IsTheFunctionsOwnEventFile) {
  function.event = dir.write("event.json", "[1,  2]\n");
  EXPECT_EQ(event(), "[1,  2]\n") << "byte for byte";
}

TEST_F(EventSource, PrefersTheNamedFile) {
  function.event = dir.write("event.json", "1");
  options.file = dir.write("other.json", "2");
  EXPECT_EQ(event(), "2");
}

TEST_F(EventSource, TakesAText) {
  options.text = R"({"n":123456789012345678901234567890,"n":1})";
  EXPECT_EQ(event(), options.text);
}

TEST_F(EventSource, TakesStandardInput) {
  options.file = "-";
  type_in("{\"from\":\"stdin\"}\n");
  EXPECT_EQ(event(), "{\"from\":\"stdin\"}\n");
}

TEST_F(EventSource, NamesStandardInputWhenItIsNoJson) {
  options.file = "-";
  type_in("{oops");
  EXPECT_TRUE(refusal().starts_with("standard input:1:2: not JSON: "));
}

TEST_F(EventSource, NamesPlaceLineAndColumnOfWhatIsNoJson) {
  options.file = dir.write("bad.json", "{\n \"a\": 1,\n}");
  EXPECT_TRUE(refusal().starts_with(options.file + ":3:1: not JSON: "));
  options.file = dir.write("empty.json", "");
  EXPECT_TRUE(refusal().starts_with(options.file + ":1:1: not JSON: "));
  options = {};
  options.text = "{'a':1}";
  EXPECT_TRUE(refusal().starts_with("--event:1:2: not JSON: "));
}

TEST_F(EventSource, SaysWhichOptionTakesAText) {
  options.file = R"({"a": 1})";
  EXPECT_EQ(refusal(),
            R"(-e names a file, and '{"a": 1}' is none; --event takes the event itself)");
}

TEST_F(EventSource, RefusesMoreThanSixMegabytes) {
  options.text = "\"" + std::string(6 * 1024 * 1024 - 2, 'x') + "\"";
  EXPECT_EQ(event().size(), 6291456U);
  *options.text += " ";
  EXPECT_EQ(refusal(), "--event has 6291457 bytes; Lambda takes at most 6291456");
}

TEST_F(EventSource, StopsReadingWhatIsTooMuchAndClaimsNoSizeThatItDoesNotKnow) {
  options.file = "/dev/zero";
  EXPECT_EQ(refusal(),
            "event file '/dev/zero' has more than 6291456 bytes; at most 6291456 are allowed");
  options.file = dir.write("big.json", std::string(7'000'000, ' '));
  EXPECT_EQ(refusal(),
            "event file '" + options.file + "' has 7000000 bytes; at most 6291456 are allowed");
  standard_input_.reset(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
  const UniqueFd big(::open(options.file.c_str(), O_RDONLY | O_CLOEXEC));
  ::dup2(big.get(), STDIN_FILENO);
  options.file = "-";
  EXPECT_EQ(refusal(), "standard input has more than 6291456 bytes; Lambda takes at most 6291456");
}

TEST_F(EventSource, NamesAMissingFile) {
  options.file = dir.path() + "/none.json";
  EXPECT_EQ(refusal(), "cannot read event file '" + options.file + "': No such file or directory");
  options = {};
  function.event = dir.path() + "/gone.json";
  EXPECT_EQ(refusal(),
            "cannot read event file '" + dir.path() + "/gone.json': No such file or directory");
}

TEST_F(EventSource, KnowsAFileThatLiesInTheFunctionsDirectory) {
  dir.write("there.json", "{}");
  function.config.task_root = dir.path();
  options.file = "there.json";
  EXPECT_EQ(refusal(),
            "cannot read event file 'there.json': No such file or directory; did you mean " +
                dir.path() + "/there.json?");
  options.file = "nowhere.json";
  EXPECT_EQ(refusal(), "cannot read event file 'nowhere.json': No such file or directory");
}

TEST_F(EventSource, GuessesTheHabitFromDocker) {
  options.file = "KEY=VALUE";
  EXPECT_EQ(refusal(),
            "cannot read event file 'KEY=VALUE'; for an environment variable, did you mean -E?");
}

TEST_F(EventSource, WantsOneSourceOnly) {
  options.text = "{}";
  options.file = "x.json";
  EXPECT_EQ(refusal(), "give one of --event-file, --event and --body");
  options = {};
  options.envelope = "url";
  EXPECT_EQ(refusal(), "--as needs a --body");
  options = {};
  options.body = "";
  EXPECT_EQ(refusal(), "--body needs --as apigw-v1, apigw-v2, url or alb");
}

TEST_F(EventSource, PutsABodyIntoAnEnvelope) {
  options.body = "{\"x\":1}";
  options.envelope = "url";
  EXPECT_NE(event().find(R"("body":"{\"x\":1}")"), std::string::npos);
  options.envelope = "smtp";
  EXPECT_EQ(refusal(), "--as 'smtp': use one of apigw-v1, apigw-v2, url, alb");
}

}  // namespace
}  // namespace coldframe
