#include "emulator/environment/environment_log.hpp"

#include <gtest/gtest.h>

#include "emulator/environment/error_bodies.hpp"

namespace coldframe {
namespace {

class TextKeeper final : public TextSink {
 public:
  void write(std::string_view more) override { text += more; }
  std::string text;
};

class EnvironmentLogTest : public ::testing::Test {
 protected:
  std::string shown(const LogEvent& event) {
    out.text.clear();
    log.function(event);
    return out.text;
  }
  std::string shown(std::string_view line) { return shown({LogLevel::undefined, false, line}); }

  TextKeeper out;
  FunctionConfig config;
  EnvironmentLog log{out, config};
};

TEST_F(EnvironmentLogTest, PutsAFunctionsLinesAndThePlatformsInOrder) {
  log.platform("START RequestId: r Version: $LATEST\n");
  log.function({LogLevel::undefined, false, "hello"});
  log.platform("");
  log.platform("END RequestId: r\nREPORT RequestId: r\n");
  EXPECT_EQ(out.text,
            "START RequestId: r Version: $LATEST\nhello\nEND RequestId: r\nREPORT RequestId: r\n");
}

TEST_F(EnvironmentLogTest, EndsEachEventWithExactlyOneLineEnd) {
  EXPECT_EQ(shown("plain"), "plain\n");
  EXPECT_EQ(shown("with end\n"), "with end\n");
  EXPECT_EQ(shown("windows\r\n"), "windows\n");
  EXPECT_EQ(shown("many\n\n\n"), "many\n");
  EXPECT_EQ(shown(""), "\n");
}

// Clients without the framed descriptor write CR for the line ends inside a message.
TEST_F(EnvironmentLogTest, TurnsCarriageReturnsInsideAMessageIntoLineEnds) {
  EXPECT_EQ(shown("[ERROR] ValueError: x\rTraceback:\r\xc2\xa0 File \"a\"\r"),
            "[ERROR] ValueError: x\nTraceback:\n\xc2\xa0 File \"a\"\n");
}

TEST_F(EnvironmentLogTest, DoesNotDoubleTheLineEndsOfAWindowsText) {
  EXPECT_EQ(shown({LogLevel::info, false, "one\r\ntwo\r\nthree"}), "one\ntwo\nthree\n");
}

TEST_F(EnvironmentLogTest, KeepsEverythingInTextFormatWhateverTheLevel) {
  config.application_level = Level::fatal;
  EXPECT_EQ(shown({LogLevel::trace, false, "t"}), "t\n");
  EXPECT_EQ(shown(R"({"level":"DEBUG"})"), "{\"level\":\"DEBUG\"}\n");
}

TEST_F(EnvironmentLogTest, FiltersFramesByTheirLevelInJsonFormat) {
  config.log_format = LogFormat::json;
  config.application_level = Level::warn;
  EXPECT_EQ(shown({LogLevel::trace, true, "{}"}), "");
  EXPECT_EQ(shown({LogLevel::debug, true, "{}"}), "");
  EXPECT_EQ(shown({LogLevel::info, true, "{}"}), "");
  EXPECT_EQ(shown({LogLevel::warn, true, "{}"}), "{}\n");
  EXPECT_EQ(shown({LogLevel::error, true, "{}"}), "{}\n");
  EXPECT_EQ(shown({LogLevel::fatal, true, "{}"}), "{}\n");
}

TEST_F(EnvironmentLogTest, FiltersJsonLinesByTheirLevelKeyInAnyCase) {
  config.log_format = LogFormat::json;
  config.application_level = Level::warn;
  for (const char* level : {"TRACE", "debug", "Info"}) {
    EXPECT_EQ(shown(R"({"level":")" + std::string(level) + R"("})"), "") << level;
  }
  for (const char* level : {"WARN", "warning", "Error", "FATAL", "CRITICAL"}) {
    EXPECT_NE(shown(R"({"message":"m","level":")" + std::string(level) + R"("})"), "") << level;
  }
  EXPECT_EQ(shown(R"({"Level":"DEBUG"})"), "");
  EXPECT_EQ(shown(R"({"LEVEL":"n/a","level":"debug"})"), "");
  EXPECT_EQ(shown(R"( {"message":"m","LEVEL":"debug"})"), "");
}

TEST_F(EnvironmentLogTest, TakesLinesWithoutAKnownLevelForInfo) {
  config.log_format = LogFormat::json;
  for (const char* line :
       {"plain", "{}", R"({"level":"LOUD"})", R"({"level":3})", "{broken", R"(["level"])"}) {
    config.application_level = Level::info;
    EXPECT_EQ(shown(line), std::string(line) + "\n");
    config.application_level = Level::warn;
    EXPECT_EQ(shown(line), "") << line;
  }
}

TEST_F(EnvironmentLogTest, SurvivesADeeplyNestedJsonLine) {
  config.log_format = LogFormat::json;
  const std::string line = R"({"a":)" + std::string(300'000, '[') + std::string(300'000, ']') + "}";
  EXPECT_EQ(shown(line).size(), line.size() + 1);
}

TEST_F(EnvironmentLogTest, KeepsATailOnlyWhenItIsWanted) {
  log.begin_tail(false);
  log.platform("START\n");
  EXPECT_EQ(log.take_tail(), "");
  log.begin_tail(true);
  log.platform("START\n");
  log.function({LogLevel::undefined, false, "hello"});
  EXPECT_EQ(log.take_tail(), "START\nhello\n");
  log.platform("between two invokes\n");
  log.begin_tail(true);
  log.platform("START 2\n");
  EXPECT_EQ(log.take_tail(), "START 2\n");
}

TEST_F(EnvironmentLogTest, CutsTheTailToItsLast4096Bytes) {
  for (const std::size_t lines : {100U, 10'000U}) {
    log.begin_tail(true);
    std::string all;
    for (std::size_t i = 0; i < lines; ++i) {
      const std::string line = "line number " + std::to_string(i) + " of many that are logged";
      log.function({LogLevel::undefined, false, line});
      all += line + "\n";
    }
    log.platform("REPORT\n");
    all += "REPORT\n";
    EXPECT_EQ(log.take_tail(), all.substr(all.size() - std::min<std::size_t>(all.size(), 4096)));
  }
}

TEST_F(EnvironmentLogTest, CutsOneHugeLineToo) {
  log.begin_tail(true);
  log.function({LogLevel::undefined, false, std::string(100'000, 'x')});
  const std::string tail = log.take_tail();
  EXPECT_EQ(tail.size(), 4096U);
  EXPECT_EQ(tail.back(), '\n');
}

TEST_F(EnvironmentLogTest, LeavesFilteredLinesOutOfTheTail) {
  config.log_format = LogFormat::json;
  log.begin_tail(true);
  log.function({LogLevel::debug, true, "{}"});
  log.function({LogLevel::error, true, R"({"e":1})"});
  EXPECT_EQ(log.take_tail(), "{\"e\":1}\n");
}

TEST(ErrorBodies, AreThoseRecordedOnAws) {
  EXPECT_EQ(error_bodies::platform_error("Runtime.ExitError", "r-1",
                                         "Runtime exited with error: exit status 1"),
            R"({"errorType":"Runtime.ExitError",)"
            R"("errorMessage":"RequestId: r-1 Error: Runtime exited with error: exit status 1"})");
  EXPECT_EQ(error_bodies::timed_out("r-2", 1),
            R"({"errorType":"Sandbox.Timedout",)"
            R"("errorMessage":"RequestId: r-2 Error: Task timed out after 1.00 seconds"})");
  EXPECT_EQ(error_bodies::timed_out("r-3", 900),
            R"({"errorType":"Sandbox.Timedout",)"
            R"("errorMessage":"RequestId: r-3 Error: Task timed out after 900.00 seconds"})");
  EXPECT_EQ(error_bodies::response_too_large(),
            R"({"errorMessage":"Response payload size exceeded maximum allowed payload size )"
            R"((6291556 bytes).","errorType":"Function.ResponseSizeTooLarge"})");
}

TEST(ErrorBodies, SurviveAReasonThatIsNotUtf8) {
  EXPECT_EQ(error_bodies::platform_error("T", "", "\xff\"\\"),
            "{\"errorType\":\"T\",\"errorMessage\":\"RequestId:  Error: \xef\xbf\xbd\\\"\\\\\"}");
}

}  // namespace
}  // namespace coldframe
