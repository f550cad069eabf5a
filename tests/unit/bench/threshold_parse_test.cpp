#include <gtest/gtest.h>

#include "emulator/bench/threshold.hpp"

namespace coldframe {
namespace {

TEST(Threshold, ReadsEveryUnitAndOperator) {
  const auto value = [](const char* expr) { return parse_threshold(expr).value().value; };
  EXPECT_EQ(value("init.p50<2s"), 2000);
  EXPECT_EQ(value("init.p50 < 250 ms"), 250);
  EXPECT_EQ(value("warm.p99 >= 1.5ms"), 1.5);
  EXPECT_EQ(value("warm.p99 <= 500us"), 0.5);
  EXPECT_EQ(value("cold.max < 2m"), 120'000);
  EXPECT_EQ(value("cold.max < 1h"), 3'600'000);
  EXPECT_EQ(value("memory.peak < 1GB"), 1024.0 * 1024 * 1024);
  EXPECT_EQ(value("memory.peak < 512"), 512.0 * 1024 * 1024);
  EXPECT_EQ(value("cold.ratio < 5%"), 0.05);
  EXPECT_EQ(value("cold.ratio < 0.05"), 0.05);
  EXPECT_EQ(value("errors <= 0"), 0);
  EXPECT_EQ(parse_threshold("a.b").error().code, ExitCode::usage);
  EXPECT_EQ(parse_threshold("warm.p99>=1ms").value().op, ThresholdOp::greater_equal);
}

TEST(Threshold, RefusesWhatItDoesNotUnderstandInOneSentence) {
  for (const char* expr : {"",
                           "init.p50",
                           "init.p50 = 3s",
                           "init.p50 <",
                           "init.p50 < fast",
                           "init.p50 < 3",
                           "init.p50 < 3MB",
                           "init.p42 < 3s",
                           "boot.p50 < 3s",
                           "memory.peak < 3s",
                           "init < 3s",
                           "init.p50 < -1s",
                           "init.p50 < 3 parsecs",
                           "cost.per_million < 2",
                           "image.size < 1GB",
                           "warm.p90 < baseline +10%",
                           "init.p50 < nan",
                           "init.p50 << 3s",
                           "cold.ratio < 5",
                           "cold.ratio < 500%",
                           "errors < 101%"}) {
    const Result<Threshold> threshold = parse_threshold(expr);
    ASSERT_FALSE(threshold) << expr;
    EXPECT_EQ(threshold.error().code, ExitCode::usage);
    EXPECT_EQ(threshold.error().message.find('\n'), std::string::npos);
  }
  EXPECT_NE(parse_threshold("cold.ratio < 5").error().message.find("5%"), std::string::npos);
  EXPECT_TRUE(
      parse_threshold("wram.p90 < 1ms").error().message.ends_with("; did you mean 'warm.p90'?"));
  EXPECT_EQ(parse_threshold("what < 1ms").error().message.find("did you mean"), std::string::npos);
  EXPECT_TRUE(parse_threshold("cold.ratio < 1"));
  EXPECT_TRUE(parse_threshold("errors <= 100%"));
  EXPECT_NE(parse_threshold("warm.p90 < baseline +10%").error().message.find("baseline"),
            std::string::npos);
}

TEST(Threshold, ThatNothingCanKeepIsRefusedWithTheOneThatWasMeant) {
  const auto said = [](const char* expr) {
    const Result<Threshold> threshold = parse_threshold(expr);
    EXPECT_FALSE(threshold) << expr;
    return threshold ? "" : threshold.error().message;
  };
  EXPECT_EQ(said("errors < 0"),
            "the threshold \"errors < 0\" can never hold, since errors is never below 0; write "
            "\"errors <= 0\"");
  EXPECT_NE(said("warm.p99 < 0ms").find("\"warm.p99 <= 0ms\""), std::string::npos);
  EXPECT_NE(said("memory.peak < 0").find("\"memory.peak <= 0\""), std::string::npos);
  EXPECT_NE(said("cold.ratio > 1").find("\"cold.ratio >= 100%\""), std::string::npos);
  EXPECT_NE(said("errors > 100%").find("\"errors >= 100%\""), std::string::npos);
  EXPECT_FALSE(check_budget("errors < 0"));
  for (const char* expr : {"errors <= 0", "errors < 1", "errors > 0", "errors > 1", "errors >= 0",
                           "cold.ratio >= 100%", "cold.ratio > 99%", "warm.p99 > 0ms"}) {
    EXPECT_TRUE(parse_threshold(expr)) << expr;
  }
}

TEST(Threshold, OfABudgetMayAlsoNameABaselineCostAndImageSize) {
  for (const char* expr :
       {"warm.p90 < baseline +10%", "warm.p90 < baseline", "init.cpu <= baseline -5 %",
        "cost.per_million < 2.5", "image.size < 1GB", "init.p50 < 3s"}) {
    EXPECT_TRUE(check_budget(expr)) << expr;
  }
  for (const char* expr :
       {"warm.p90 < baseline 10%", "warm.p90 < baseline +", "warm.p90 < baseline +x%",
        "warm.p90 < base", "image.size < 3s", "init.p49 < 3s", "nonsense"}) {
    const Result<void> checked = check_budget(expr);
    ASSERT_FALSE(checked) << expr;
    EXPECT_EQ(checked.error().code, ExitCode::usage);
  }
}

}  // namespace
}  // namespace coldframe
