#include "emulator/report/advice.hpp"

#include <gtest/gtest.h>

namespace coldframe {
namespace {

InvocationRecord timeout_record() {
  InvocationRecord record;
  record.status = InvocationStatus::timeout;
  return record;
}

TEST(Advisor, HasNothingToSayOfARunThatWentWell) {
  Advisor advisor;
  InvocationRecord record;
  record.max_memory_used_bytes = 100 << 20;
  advisor.on_invocation(record);
  EXPECT_TRUE(advisor.advice({}, true).empty());
}

TEST(Advisor, NamesATimeoutToTryUpToTheOneThatLambdaAllows) {
  Advisor advisor;
  advisor.on_invocation(timeout_record());
  FunctionConfig config;
  const auto said = [&](int timeout_s) {
    config.timeout_s = timeout_s;
    return advisor.advice(config, false).at(0);
  };
  EXPECT_EQ(said(3), "timed out after 3 s; try --timeout 9");
  EXPECT_EQ(said(600), "timed out after 600 s; try --timeout 900");
  EXPECT_EQ(said(900),
            "timed out after 900 s, and Lambda allows no more; make the work shorter or split it");
  EXPECT_TRUE(advisor.advice(config, true).empty()) << "somebody wanted the timeout";
}

TEST(Advisor, DoesNotTakeAnInitWithoutEndForATimeout) {
  Advisor advisor;
  InvocationRecord record = timeout_record();
  record.never_started = true;
  advisor.on_invocation(record);
  EXPECT_TRUE(advisor.advice({}, false).empty());
}

TEST(Advisor, NamesAMemorySizeThatWouldDo) {
  Advisor advisor;
  InvocationRecord record;
  record.max_memory_used_bytes = 400 << 20;
  advisor.on_invocation(record);
  EXPECT_EQ(
      advisor.advice({}, true).at(0),
      "used 400 MB of 128: Lambda would have killed it (nothing is limited here); try --memory "
      "512");
}

}  // namespace
}  // namespace coldframe
