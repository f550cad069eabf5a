// Memory: what a function is told, and its caller, when there is none left; and what it has used.
#include <gtest/gtest.h>

#include "tests/conformance/texts.hpp"
#include "tests/support/limited_fixture.hpp"
#include "tests/support/processes.hpp"

namespace coldframe::testing {
namespace {

class LimitedMemory : public LimitedFixture {
 protected:
  void expect_out_of_memory(const HttpReply& answer) {
    EXPECT_EQ(answer.header("X-Amz-Function-Error"), "Unhandled");
    EXPECT_EQ(answer.body, "{\"errorType\":\"Runtime.OutOfMemory\",\"errorMessage\":\"RequestId: " +
                               answer.header("x-amzn-RequestId") +
                               " Error: Runtime exited with error: signal: killed\"}");
    const auto& record = records.invocations.back();
    EXPECT_EQ(record.status, InvocationStatus::out_of_memory);
    EXPECT_EQ(record.max_memory_used_bytes, std::int64_t{function.memory_mb} << 20);
    const auto report = log.lines_starting("REPORT ").back();
    EXPECT_TRUE(report.ends_with("Status: error\tError Type: Runtime.OutOfMemory")) << report;
    const std::string size = std::to_string(function.memory_mb) + " MB";
    EXPECT_NE(report.find("Max Memory Used: " + size), std::string::npos) << report;
  }
};

#ifndef __SANITIZE_THREAD__  // whose runtime keeps several bytes for each of the process's own
TEST_F(LimitedMemory, ThatWasTouchedIsThePeakAlsoAfterItWasFreed) {
  function.memory_mb = 512;
  play(k_obey);
  start();
  ASSERT_EQ(obey("respond 1").body, "1");
  const auto runtime = *records.invocations.back().max_memory_used_bytes;
  ASSERT_EQ(obey("alloc 300MB; respond 1").body, "1");
  // Under a sanitizer the runtime alone has 10 MB and more.
  const double used =
      static_cast<double>(*records.invocations.back().max_memory_used_bytes - runtime);
  EXPECT_NEAR(used / (300 << 20), 1, 0.03);
  ASSERT_TRUE(emulator().recycle("f"));
  ASSERT_EQ(obey("respond 1").body, "1");
  EXPECT_LT(*records.invocations.back().max_memory_used_bytes, 30 << 20) << "another environment";
}
#endif

// Within 50 ms nobody has looked at it; what the kernel says of a dead process is all there is.
TEST_F(LimitedMemory, ThatWasTouchedJustBeforeADeathIsThePeak) {
  function.memory_mb = 1769;
  play(k_obey);
  start();
  ASSERT_EQ(obey("respond 1").body, "1");
  obey("alloc 200MB; signal KILL");
  ASSERT_EQ(records.invocations.back().status, InvocationStatus::exit);
  EXPECT_GE(*records.invocations.back().max_memory_used_bytes, 200 << 20);
}

TEST_F(LimitedMemory, OfAnotherProcessCountsToo) {
  function.memory_mb = 512;
  play_behind(
      "(while [ ! -e go ]; do sleep 0.01; done; head -c 100m /dev/zero | tail -c 90m "
      "> /dev/null; touch done) &",
      k_obey);
  start();
  ASSERT_EQ(obey("write-file " + directory.path() + "/go x; wait-file " + directory.path() +
                 "/done; respond 1")
                .body,
            "1");
  EXPECT_GT(*records.invocations.back().max_memory_used_bytes, 60 << 20);
}

TEST_F(LimitedMemory, ThatIsUsedUpEndsTheInvokeAndTheNextOneWorks) {
  function.memory_mb = 256;
  play(k_obey);
  start();
  ASSERT_EQ(obey("respond 1").body, "1");
  expect_out_of_memory(obey("alloc 300MB; respond 1"));
  EXPECT_EQ(obey("respond 2").body, "2");
  EXPECT_EQ(records.invocations.back().status, InvocationStatus::ok);
  EXPECT_EQ(records.invocations.back().max_memory_used_bytes, 256 << 20)
      << "of the environment's whole life";
}

TEST_F(LimitedMemory, ThatAChildOfTheRuntimeUsedUpEndsTheRuntimeToo) {
  function.memory_mb = 128;
  play_behind("(while [ ! -e go ]; do sleep 0.01; done; rm go; tail /dev/zero) &",
              "next\nwrite-file go x\nhang\n");
  start();
  // Long before its timeout of a minute.
  expect_out_of_memory(invoke("{}"));
  EXPECT_LT(to_ms(records.invocations.back().duration), 30'000);
}

TEST_F(LimitedMemory, ThatIsUsedUpAfterTheAnswerLeavesTheAnswerGood) {
  function.memory_mb = 128;
  play("next\nrespond 1\nalloc 200MB\nnext\n");
  start();
  EXPECT_EQ(invoke("{}").body, "1");
  EXPECT_EQ(records.invocations.back().status, InvocationStatus::out_of_memory);
}

TEST_F(LimitedMemory, ThatIsUsedUpInTheInitIsAnErrorOfTheInit) {
  function.memory_mb = 128;
  play("alloc 200MB\nnext\nrespond 1\n");
  start();
  const auto answer = invoke("{}");
  EXPECT_NE(answer.body.find("\"errorType\":\"Runtime.OutOfMemory\""), std::string::npos);
  const auto reports = log.lines_starting("INIT_REPORT ");
  ASSERT_EQ(reports.size(), 2U);
  for (const auto& report : reports)
    EXPECT_TRUE(report.ends_with("Status: error\tError Type: Runtime.OutOfMemory")) << report;
  ASSERT_EQ(records.inits.size(), 2U);
  EXPECT_EQ(records.inits[0].error_type, "Runtime.OutOfMemory");
  EXPECT_EQ(records.invocations.at(0).status, InvocationStatus::init_error);
}

TEST_F(LimitedMemory, IsNotBlamedForAnotherKill) {
  function.memory_mb = 128;
  play(k_obey);
  start();
  expect_out_of_memory(obey("alloc 200MB"));
  const auto answer = obey("signal KILL");
  EXPECT_NE(answer.body.find("\"errorType\":\"Runtime.ExitError\""), std::string::npos);
  EXPECT_EQ(records.invocations.back().status, InvocationStatus::exit);
}

TEST_F(LimitedMemory, GroupsGoWithTheirEnvironments) {
  options.concurrency = 2;
  play_behind("(setsid sleep 1000 > /dev/null 2>&1 < /dev/null; true) &", k_obey);
  start();
  ASSERT_EQ(obey("respond-pid").status, 200);
  ASSERT_EQ(groups().size(), 1U);
  const auto members =
      processes_in(backend.of("memory")->own_group + "/" + own_run_name() + "/" + groups()[0]);
  EXPECT_GE(members.size(), 2U);
  ASSERT_TRUE(emulator().recycle("f"));
  EXPECT_TRUE(groups().empty());
  for (const pid_t pid : members)
    EXPECT_FALSE(is_alive(pid));
}

}  // namespace
}  // namespace coldframe::testing
