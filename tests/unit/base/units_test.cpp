#include "emulator/base/units.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace coldframe {
namespace {

using namespace std::chrono_literals;

template <typename T>
std::string message_of(const Result<T>& result) {
  EXPECT_FALSE(result);
  if (result) return "";
  EXPECT_EQ(result.error().code, ExitCode::usage);
  return result.error().message;
}

TEST(ParseDuration, TakesEveryUnitOfTime) {
  EXPECT_EQ(parse_duration("250us", "--x").value(), 250us);
  EXPECT_EQ(parse_duration("250ms", "--x").value(), 250ms);
  EXPECT_EQ(parse_duration("3s", "--x").value(), 3s);
  EXPECT_EQ(parse_duration("5m", "--x").value(), 5min);
  EXPECT_EQ(parse_duration("5min", "--x").value(), 5min);
  EXPECT_EQ(parse_duration("2h", "--x").value(), 2h);
}

TEST(ParseDuration, TakesFractionsAndASpaceBeforeTheUnit) {
  EXPECT_EQ(parse_duration("1.5s", "--x").value(), 1500ms);
  EXPECT_EQ(parse_duration("0.0015 ms", "--x").value(), 1500ns);
  EXPECT_EQ(parse_duration("0s", "--x").value(), 0s);
  EXPECT_EQ(parse_duration("1e-3s", "--x").value(), 1ms);
}

TEST(ParseDuration, RefusesWhatIsNoDurationAndNamesTheOption) {
  for (const char* text :
       {"", "s", "ten", "3 parsecs", "3ss", "0x10s", "nan", "inf", "1e999s", "+3s", "3s "}) {
    EXPECT_EQ(message_of(parse_duration(text, "--init-limit")),
              "--init-limit: '" + std::string(text) + "' is not a duration; write 250ms, 3s or 5m");
  }
}

TEST(ParseDuration, RefusesANumberWithoutAUnitAsThresholdsDo) {
  for (const char* text : {"3", "0", "-1", "1.5", "3 "}) {
    EXPECT_EQ(
        message_of(parse_duration(text, "--max-time")),
        "--max-time: '" + std::string(text) + "' needs a unit of time; write 250ms, 3s or 5m");
  }
}

TEST(ParseSeconds, TakesBareSecondsAndDurationsOfWholeOnes) {
  EXPECT_EQ(parse_seconds("30", "--timeout").value(), 30);
  EXPECT_EQ(parse_seconds("30s", "--timeout").value(), 30);
  EXPECT_EQ(parse_seconds("5m", "--timeout").value(), 300);
  EXPECT_EQ(parse_seconds("3000 ms", "--timeout").value(), 3);
  EXPECT_EQ(parse_seconds("0", "--timeout").value(), 0) << "the range is Lambda's affair";
}

TEST(ParseSeconds, RefusesFractionsAndWhatIsNoNumber) {
  for (const char* text : {"", "1.5", "1500ms", "1d", "abc", "nan"}) {
    EXPECT_EQ(message_of(parse_seconds(text, "--timeout")),
              "--timeout: '" + std::string(text) +
                  "' is not a whole number of seconds; write 30, 30s or 5m");
  }
  EXPECT_EQ(message_of(parse_seconds("-3", "--timeout")), "--timeout: '-3' is out of range");
  EXPECT_EQ(message_of(parse_seconds("1e10", "--timeout")), "--timeout: '1e10' is out of range");
}

TEST(ParseDuration, RefusesNegativeAndAbsurdlyLongOnes) {
  EXPECT_EQ(message_of(parse_duration("-1s", "--x")), "--x: '-1s' is out of range");
  EXPECT_EQ(message_of(parse_duration("100000h", "--x")), "--x: '100000h' is out of range");
  EXPECT_EQ(message_of(parse_duration("1e300h", "--x")), "--x: '1e300h' is out of range");
  EXPECT_EQ(parse_duration("87600h", "--x").value(), 87600h);  // ten years of 365 days
}

TEST(ParseMegabytes, CountsInMibAsLambdaDoes) {
  EXPECT_EQ(parse_megabytes("512", "--memory").value(), 512);
  EXPECT_EQ(parse_megabytes("512MB", "--memory").value(), 512);
  EXPECT_EQ(parse_megabytes("512MiB", "--memory").value(), 512);
  EXPECT_EQ(parse_megabytes("1GB", "--memory").value(), 1024);
  EXPECT_EQ(parse_megabytes("1.5 GiB", "--memory").value(), 1536);
}

TEST(ParseMegabytes, RefusesFractionsOfAMegabyteAndOtherUnits) {
  for (const char* text : {"", "1.5", "0.1GB", "512KB", "many", "512 bytes", "nan"}) {
    EXPECT_EQ(
        message_of(parse_megabytes(text, "--memory")),
        "--memory: '" + std::string(text) + "' is not a size in whole MB; write 512, 512MB or 1GB");
  }
}

TEST(ParseMegabytes, RefusesNegativeAndAbsurdSizes) {
  EXPECT_EQ(message_of(parse_megabytes("-1", "--memory")), "--memory: '-1' is out of range");
  EXPECT_EQ(message_of(parse_megabytes("1e12", "--memory")), "--memory: '1e12' is out of range");
}

TEST(ParsePositive, TakesAnythingAboveZeroAndNothingElse) {
  EXPECT_DOUBLE_EQ(parse_positive("60", "--time-scale").value(), 60);
  EXPECT_DOUBLE_EQ(parse_positive("0.5", "--time-scale").value(), 0.5);
  for (const char* text : {"", "0", "-0", "-1", "1x", "nan", "inf", "1 s"}) {
    EXPECT_EQ(message_of(parse_positive(text, "--time-scale")),
              "--time-scale: '" + std::string(text) + "' is not a number above 0");
  }
}

TEST(ParseInteger, TakesTheWholeRangeInclusively) {
  EXPECT_EQ(parse_integer("0", "--port", 0, 65535).value(), 0);
  EXPECT_EQ(parse_integer("65535", "--port", 0, 65535).value(), 65535);
  EXPECT_EQ(parse_integer("-7", "n", -10, 10).value(), -7);
  EXPECT_EQ(parse_integer("9223372036854775807", "--seed", 0, INT64_MAX).value(), INT64_MAX);
}

TEST(ParseInteger, TellsOutOfRangeFromNotANumber) {
  EXPECT_EQ(message_of(parse_integer("65536", "--port", 0, 65535)),
            "--port: '65536' is out of range; 0 to 65535 is allowed");
  EXPECT_EQ(message_of(parse_integer("-1", "--port", 0, 65535)),
            "--port: '-1' is out of range; 0 to 65535 is allowed");
  for (const char* text : {"", " 1", "1 ", "1.0", "1e3", "0x10", "one", "+1"}) {
    EXPECT_EQ(message_of(parse_integer(text, "--port", 0, 65535)),
              "--port: '" + std::string(text) + "' is not a whole number");
  }
}

TEST(ParseInteger, SaysOutOfRangeAlsoForWhatNoMachineWordHolds) {
  EXPECT_EQ(message_of(parse_integer("99999999999999999999", "--port", 0, 65535)),
            "--port: '99999999999999999999' is out of range; 0 to 65535 is allowed");
}

}  // namespace
}  // namespace coldframe
