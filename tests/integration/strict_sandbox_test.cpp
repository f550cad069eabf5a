// The life of an environment in a strict sandbox: what stays over a reset, what goes, and that
// nothing is left whoever dies.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <set>

#include "emulator/cgroup/cgroup_backend.hpp"
#include "tests/support/strict_fixture.hpp"

namespace coldframe::testing {
namespace {

using namespace std::chrono_literals;

class StrictSandbox : public StrictFixture {
 protected:
  // Counts its starts in the sandbox's own /tmp, and tells their number.
  void play_counting(std::string_view rest) { play("starts-in /tmp/starts\n" + std::string(rest)); }
  std::string starts() { return obey("respond @{start}").body; }
};

TEST_F(StrictSandbox, HasTheRuntimeApiWhereLambdaHasIt) {
  play(k_obey);
  start();
  const auto variables = nlohmann::json::parse(obey("dump-env").body);
  EXPECT_EQ(variables["AWS_LAMBDA_RUNTIME_API"], "169.254.100.1:9001");
  EXPECT_EQ(variables["LAMBDA_TASK_ROOT"], "/var/task");
  EXPECT_EQ(variables["PWD"], "/var/task");
  EXPECT_FALSE(variables.contains("HOME"));
  EXPECT_EQ(emulator().sandbox_name(), "strict");
}

TEST_F(StrictSandbox, NumbersItsProcessesByItself) {
  play(k_obey);
  start();
  EXPECT_EQ(nlohmann::json::parse(obey("respond-pid").body)["pid"], 2) << "after the init";
}

// Conformance 34: files.
TEST_F(StrictSandbox, KeepsTmpBetweenInvokes) {
  play(k_obey);
  start();
  EXPECT_EQ(obey("file-exists /tmp/note").body, "false");
  obey("write-file /tmp/note x");
  EXPECT_EQ(obey("file-exists /tmp/note").body, "true");
  EXPECT_FALSE(std::filesystem::exists("/tmp/note")) << "the host's";
}

// Conformance 32: files, and everybody.
TEST_F(StrictSandbox, KeepsTmpOverATimeoutAndNoProcess) {
  function.timeout_s = 1;
  play_counting(k_obey);
  start();
  EXPECT_EQ(starts(), "1");
  obey("fork-grandchild; fork-daemon; hang");
  const std::string id = records.invocations.back().environment_id;
  ASSERT_EQ(records.invocations.back().status, InvocationStatus::timeout);
  EXPECT_EQ(starts(), "2");
  EXPECT_EQ(records.invocations.back().environment_id, id);
  EXPECT_EQ(processes_with(id).size(), 1U) << "the new runtime alone";
}

TEST_F(StrictSandbox, KeepsTmpOverACrash) {
  play_counting(k_obey);
  start();
  EXPECT_EQ(starts(), "1");
  EXPECT_NE(obey("signal SEGV").body.find("signal: segmentation fault"), std::string::npos);
  EXPECT_EQ(starts(), "2");
}

// Conformance 38: files, and the process.
TEST_F(StrictSandbox, KeepsTmpOverALackOfMemory) {
  if (const auto groups = detect_cgroups(); groups.kind == CgroupKind::none) {
    GTEST_SKIP() << "needs control groups; " << groups.summary;
  }
  options.limits = LimitsKind::cgroup;
  function.memory_mb = 256;
  play_counting(k_obey);
  start();
  EXPECT_EQ(starts(), "1");
  obey("write-file /tmp/note x");
  const int before = nlohmann::json::parse(obey("respond-pid").body)["pid"];
  EXPECT_NE(obey("alloc 300MB; respond 1").body.find("Runtime.OutOfMemory"), std::string::npos);
  const std::string id = records.invocations.back().environment_id;
  EXPECT_EQ(starts(), "2");
  EXPECT_EQ(records.invocations.back().status, InvocationStatus::ok);
  EXPECT_EQ(records.invocations.back().environment_id, id);
  EXPECT_GT(nlohmann::json::parse(obey("respond-pid").body)["pid"], before);
  EXPECT_EQ(obey("file-exists /tmp/note").body, "true");
}

TEST_F(StrictSandbox, HasAnotherTmpInAnotherEnvironment) {
  play_counting(k_obey);
  start();
  EXPECT_EQ(starts(), "1");
  ASSERT_TRUE(emulator().recycle("f").has_value());
  EXPECT_EQ(starts(), "1");
}

// Conformance 26.
TEST_F(StrictSandbox, TriesAnInitThatExitsTwice) {
  play_counting("print start @{start}\nexit 1\n");
  start();
  const auto answer = invoke("{}");
  EXPECT_NE(answer.body.find("Runtime exited with error: exit status 1"), std::string::npos)
      << answer.body;
  EXPECT_EQ(log.count("start 1"), 1);
  EXPECT_EQ(log.count("start 2"), 1);
}

// Conformance 27.
TEST_F(StrictSandbox, GivesTheCallerTheInitErrorOfTheRuntime) {
  play(R"(init-error Function.Bad {"errorMessage":"no model","errorType":"Bad"})"
       "\nexit 1\n");
  start();
  EXPECT_EQ(invoke("{}").body, R"({"errorMessage":"no model","errorType":"Bad"})");
  ASSERT_EQ(log.count("INIT_REPORT"), 2);
  EXPECT_NE(log.lines_starting("INIT_REPORT")[0].find("Phase: init"), std::string::npos);
  EXPECT_NE(log.lines_starting("INIT_REPORT")[1].find("Phase: invoke"), std::string::npos);
}

// Conformance 30.
TEST_F(StrictSandbox, RepeatsAnInitThatHangs) {
  function.init_limit = 200ms;
  play_counting("on-start 1\n  hang\nend\n" + std::string(k_obey));
  start();
  EXPECT_EQ(starts(), "2");
  ASSERT_EQ(log.count("INIT_REPORT"), 1);
  EXPECT_TRUE(log.lines_starting("INIT_REPORT")[0].ends_with("Phase: init\tStatus: timeout"));
}

TEST_F(StrictSandbox, IsMadeAnewWhenItsInitIsKilled) {
  play_counting(k_obey);
  start();
  EXPECT_EQ(starts(), "1");
  ASSERT_GT(init_process(), 0);
  ::kill(init_process(), SIGKILL);
  ASSERT_TRUE(
      until([&] { return states() == std::vector<std::string>{"ColdAgain"} || states().empty(); }));
  EXPECT_EQ(starts(), "1") << "its /tmp went with it";
}

// It is nothing that the function has done.
TEST_F(StrictSandbox, IsNoFailureOfTheFunctionWhenItsInitIsKilledInAnInvoke) {
  play(k_obey);
  start();
  obey("respond 1");
  auto caller = call(order("hang"));
  ASSERT_TRUE(until([&] { return states() == std::vector<std::string>{"Busy"}; }));
  ::kill(init_process(), SIGKILL);
  const auto answer = caller.finish();
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.header("X-Amz-Function-Error"), "");
  EXPECT_NE(answer.body.find("\"Type\":\"Service\""), std::string::npos) << answer.body;
  EXPECT_EQ(log.count("coldframe: the first process of a sandbox has ended"), 1);
  EXPECT_EQ(log.count("REPORT"), 1) << "of the first";
  EXPECT_EQ(records.invocations.size(), 1U);
  EXPECT_EQ(obey("respond 2").body, "2");
}

TEST_F(StrictSandbox, IsNoLongerToBeHadWithoutItsServer) {
  std::vector<std::string> told;
  play(k_obey);
  start();
  emulator().on_sandbox_note([&](const std::string& text) { told.push_back(text); });
  obey("respond 1");
  ASSERT_GT(server_process(), 0);
  auto caller = call(order("hang"));
  ASSERT_TRUE(until([&] { return states() == std::vector<std::string>{"Busy"}; }));
  ::kill(server_process(), SIGKILL);
  const auto cut_off = caller.finish();
  EXPECT_EQ(cut_off.status, 500);
  EXPECT_NE(cut_off.body.find("\"Type\":\"Service\""), std::string::npos) << cut_off.body;
  ASSERT_TRUE(until([&] { return states() == std::vector<std::string>{"ColdAgain"}; }));
  const auto answer = call(order("respond 2")).finish();
  EXPECT_EQ(answer.status, 500);
  EXPECT_TRUE(log.contains("the sandbox server has ended")) << log.text();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_TRUE(told[0].starts_with("the sandbox server has ended, and everybody in a sandbox"));
}

TEST_F(StrictSandbox, CanBeStoppedWhileItIsMade) {
  play(k_obey);
  start();
  auto caller = call(order("respond 1"));
  ASSERT_TRUE(until([&] { return !states().empty(); }));
  stop();
  EXPECT_EQ(caller.finish().status, 500);
}

TEST_F(StrictSandbox, ComesAndGoesManyTimes) {
  play_counting(k_obey);
  start();
  const int before = open_descriptors();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(starts(), "1");
    ASSERT_TRUE(emulator().recycle("f").has_value());
  }
  ASSERT_TRUE(until([&] { return descendants_named("coldframe-init").empty(); }));
  EXPECT_TRUE(until([&] { return open_descriptors() <= before + 4; })) << open_descriptors();
}

// Its network and the disk of /tmp, as those inside see them.
std::string place_of(pid_t init) {
  const std::string process = "/proc/" + std::to_string(init);
  struct stat network {};
  struct stat tmp {};
  if (::stat((process + "/ns/net").c_str(), &network) != 0 ||
      ::stat((process + "/root/tmp").c_str(), &tmp) != 0) {
    return "gone";
  }
  return std::to_string(network.st_ino) + " " + std::to_string(tmp.st_dev);
}

TEST_F(StrictSandbox, GivesOnWhatNobodyHasUsed) {
  play(k_obey);
  options.network = NetworkMode::none;
  start();
  std::set<std::string> places;
  constexpr int k_times = 6;
  for (int i = 0; i < k_times; ++i) {
    EXPECT_EQ(obey("respond 1").body, "1");
    places.insert(place_of(init_process()));
    ASSERT_TRUE(emulator().recycle("f").has_value());
    ASSERT_TRUE(until([&] { return descendants_named("coldframe-init").empty(); }));
  }
  // Who comes before the last connection has ended gets others.
  EXPECT_LT(places.size(), std::size_t{k_times});
}

TEST_F(StrictSandbox, SaysWhereAProgramIsMissing) {
  function.entry_point = {"/no/such/program"};
  start();
  EXPECT_NE(invoke("{}").body.find("Runtime.InvalidEntrypoint\",\"errorMessage\":\"RequestId: "),
            std::string::npos);
  EXPECT_TRUE(log.contains("fork/exec /no/such/program: no such file or directory")) << log.text();
}

TEST_F(StrictSandbox, CannotWriteOutsideTmp) {
  play("starts-in /var/task/starts\n" + std::string(k_obey));
  start();
  invoke("{}");
  EXPECT_TRUE(log.contains("cannot open /var/task/starts: Read-only file system")) << log.text();
}

}  // namespace
}  // namespace coldframe::testing
