// The log and its tail: conformance cases 44, 64 and 66.
#include <gtest/gtest.h>

#include <cmath>
#include <regex>

#include "tests/support/child_fixture.hpp"
#include "tests/support/stub_fixture.hpp"

namespace coldframe::testing {
namespace {

using namespace std::chrono_literals;

const HeaderList k_tail{{"X-Amz-Log-Type", "Tail"}};

using Case44 = StubFixture;
TEST_F(Case44, TheTailHoldsStartTheFunctionsLinesEndAndReport) {
  start();
  auto caller = call("{}", k_tail);
  auto runtime = next_runtime();
  const auto id = runtime.next().id;
  launcher.latest().print("of the handler");
  clock.advance(4ms);
  runtime.respond("1");
  runtime.ask_next();
  const auto answer = caller.finish();
  EXPECT_EQ(answer.body, "1");
  EXPECT_EQ(log_tail(answer),
            "START RequestId: " + id + " Version: $LATEST\nof the handler\nEND RequestId: " + id +
                "\nREPORT RequestId: " + id +
                "\tDuration: 4.00 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\t"
                "Init Duration: 0.00 ms\t\n");
}

TEST_F(Case44, OfTenKilobytesTheLast4096BytesAreGiven) {
  start();
  auto caller = call("{}", k_tail);
  auto runtime = next_runtime();
  runtime.next();
  for (int i = 0; i < 103; ++i) {
    std::string line = "line " + std::to_string(i) + " ";
    line.resize(99, '.');
    launcher.latest().print(line);
  }
  runtime.respond("1");
  runtime.ask_next();
  const auto tail = log_tail(caller.finish());
  EXPECT_EQ(tail.size(), 4096U);
  EXPECT_TRUE(log.text().ends_with(tail)) << "byte for byte the end of the log";
  EXPECT_EQ(tail.find("START"), std::string::npos);
  EXPECT_EQ(split_lines(tail).back(), log.lines_starting("REPORT ").back());
}

TEST_F(Case44, TheTailOfAColdStartBeginsWithWhatItsInitPrinted) {
  start();
  auto caller = call("{}", k_tail);
  ASSERT_TRUE(until([&] { return launcher.starts() == 1; }));
  launcher.latest().print("of the init");
  auto runtime = next_runtime();
  runtime.serve("1");
  const auto tail = log_tail(caller.finish());
  EXPECT_TRUE(tail.starts_with("of the init\nSTART RequestId: ")) << tail;
}

TEST_F(Case44, TheTailOfAnInvokeHasNothingOfTheOneBefore) {
  start();
  auto first = call("{}", k_tail);
  auto runtime = next_runtime();
  const auto first_id = runtime.next().id;
  launcher.latest().print("first");
  runtime.respond("1");
  runtime.ask_next();
  first.finish();
  auto second = call("{}", k_tail);
  runtime.serve("2");
  const auto tail = log_tail(second.finish());
  EXPECT_EQ(tail.find(first_id), std::string::npos);
  EXPECT_EQ(tail.find("first"), std::string::npos);
}

TEST_F(Case44, WhatIsPrintedBetweenTwoInvokesIsInNoTailNotEvenAsAnUnfinishedLine) {
  start();
  auto runtime = warm_runtime();
  launcher.latest().begin_line("of a thread");
  auto caller = call("{}", k_tail);
  runtime.serve("1");
  const auto tail = log_tail(caller.finish());
  EXPECT_TRUE(tail.starts_with("START ")) << tail;
  EXPECT_EQ(tail.find("of a thread"), std::string::npos) << tail;
  EXPECT_EQ(log.count("of a thread"), 1);
}

TEST_F(Case44, WhatAProcessPrintedBeforeItDiedIdleIsInNoTail) {
  start();
  warm_runtime();
  launcher.latest().begin_line("last words");
  launcher.latest().exit(0);
  EXPECT_EQ(log.lines().back(), "last words");
  auto caller = call("{}", k_tail);
  next_runtime().serve("1");
  const auto tail = log_tail(caller.finish());
  EXPECT_EQ(tail.find("last words"), std::string::npos) << tail;
}

TEST_F(Case44, AnUnfinishedLineStandsBeforeEnd) {
  start();
  auto caller = call("{}", k_tail);
  auto runtime = next_runtime();
  runtime.next();
  launcher.latest().begin_line("of the handler");
  runtime.respond("1");
  runtime.ask_next();
  const auto tail = split_lines(log_tail(caller.finish()));
  ASSERT_EQ(tail.size(), 4U);
  EXPECT_EQ(tail[1], "of the handler");
}

TEST_F(Case44, WithoutBeingAskedForNoTailIsGiven) {
  start();
  for (const HeaderList& headers : {HeaderList{}, HeaderList{{"X-Amz-Log-Type", "None"}}}) {
    auto caller = call("{}", headers);
    auto runtime = next_runtime();
    runtime.next();
    runtime.respond("1");
    EXPECT_FALSE(caller.finish().has("X-Amz-Log-Result"));
    launcher.latest().exit(0);
  }
}

TEST_F(Case44, ACrashHasItsTailToo) {
  start();
  auto caller = call("{}", k_tail);
  auto runtime = next_runtime();
  runtime.next();
  launcher.latest().print("last words");
  launcher.latest().signal(11);
  const auto tail = split_lines(log_tail(caller.finish()));
  ASSERT_EQ(tail.size(), 4U);
  EXPECT_EQ(tail[1], "last words");
  EXPECT_TRUE(tail[3].ends_with("Status: error\tError Type: Runtime.ExitError"));
}

class Case64 : public ChildFixture {};
TEST_F(Case64, AColdReportHasItsInitLastAndBillsTheSum) {
  play(k_obey);
  start();
  obey("respond 1");
  obey("respond 2");
  const std::string number = R"(([0-9]+\.[0-9][0-9]))";
  const std::string head = "REPORT RequestId: [0-9a-f-]{36}\tDuration: " + number +
                           " ms\tBilled Duration: ([0-9]+) ms\tMemory Size: 128 MB\t"
                           "Max Memory Used: ([0-9]+) MB\t";
  const auto reports = log.lines_starting("REPORT ");
  ASSERT_EQ(reports.size(), 2U);
  std::smatch cold;
  ASSERT_TRUE(
      std::regex_match(reports[0], cold, std::regex(head + "Init Duration: " + number + " ms\t")))
      << reports[0];
  EXPECT_NEAR(std::stod(cold[2]), std::ceil(std::stod(cold[1]) + std::stod(cold[4])), 1);
  EXPECT_GT(std::stod(cold[4]), 0);
  EXPECT_GT(std::stoi(cold[3]), 0);
  std::smatch warm;
  ASSERT_TRUE(std::regex_match(reports[1], warm, std::regex(head))) << reports[1];
  EXPECT_NEAR(std::stod(warm[2]), std::ceil(std::stod(warm[1])), 1);
}

class Case66 : public ChildFixture {
 protected:
  // Only what is an ERROR gets through.
  Case66() {
    function.log_format = LogFormat::json;
    function.application_level = Level::error;
    function.system_level = Level::fatal;
  }
};
TEST_F(Case66, AFrameIsOneEventOfItsLevel) {
  play(k_obey);
  start();
  obey("frame INFO dropped; frame ERROR hello; respond 1");
  EXPECT_EQ(log.text(), "hello\n");
}

TEST_F(Case66, AFrameWrittenInTwoPartsIsOneEvent) {
  play(k_obey);
  start();
  obey("frame-split ERROR hello; respond 1");
  EXPECT_EQ(log.text(), "hello\n");
}

TEST_F(Case66, APayloadWithLineEndsIsOneEvent) {
  play(k_obey);
  start();
  obey("frame INFO dropped\\nas a whole; frame ERROR two\\nlines; respond 1");
  EXPECT_EQ(log.text(), "two\nlines\n");
}

}  // namespace
}  // namespace coldframe::testing
