#include "emulator/violations/violation_log.hpp"

#include <gtest/gtest.h>

namespace coldframe {
namespace {

constexpr const char* k_read_only =
    R"({"errorType":"OSError","errorMessage":"[Errno 30] Read-only file system: 'x'"})";
constexpr const char* k_full =
    R"({"errorType":"OSError","errorMessage":"[Errno 28] No space left on device"})";
const std::string k_note = "W1: wrote outside /tmp: 'x' is read-only on Lambda; write to /tmp";

InvocationRecord failed(const char* body, const std::string& function = "f") {
  InvocationRecord record;
  record.function = function;
  record.environment_id = "e1";
  record.status = InvocationStatus::function_error;
  if (body != nullptr) record.error_body = make_payload(body);
  return record;
}

InvocationRecord worked() {
  InvocationRecord record = failed(nullptr);
  record.status = InvocationStatus::ok;
  return record;
}

TEST(ViolationLog, ExplainsAFailedInvokeOnce) {
  ViolationLog log;
  log.on_invocation(failed(k_read_only));
  log.on_invocation(failed(k_read_only));
  EXPECT_EQ(log.notes(), std::vector<std::string>{k_note});
  EXPECT_TRUE(log.notes(true).empty()) << "somebody wanted it";
}

TEST(ViolationLog, LeavesAFunctionThatWorksAlone) {
  ViolationLog log;
  log.on_output("e1", "OSError: [Errno 30] Read-only file system: 'x'");
  log.on_invocation(worked());
  log.on_invocation(failed(nullptr));
  EXPECT_TRUE(log.notes().empty()) << "what an earlier invoke has printed is no evidence";
}

TEST(ViolationLog, ReadsWhatTheEnvironmentPrinted) {
  ViolationLog log;
  log.on_output("e2", "OSError: [Errno 28] No space left on device");
  log.on_output("e1", "[ERROR] OSError: [Errno 30] Read-only file system: 'x'\rTraceback (most");
  log.on_invocation(failed(nullptr));
  EXPECT_EQ(log.notes(), std::vector<std::string>{k_note}) << "of this environment alone";
}

TEST(ViolationLog, SaysWhereToLookForTheEndOfAProcessUnlessItHadReportedAnError) {
  const std::string note = "W21: the process ended by itself (exit status 3) and ";
  InvocationRecord record = failed(nullptr);
  record.exit_reason = "Runtime exited with error: exit status 3";
  ViolationLog reported;
  reported.on_invocation(record);  // after its error
  EXPECT_TRUE(reported.notes().empty());
  ViolationLog log;
  record.status = InvocationStatus::exit;
  log.on_invocation(record);
  ASSERT_EQ(log.notes().size(), 1U);
  EXPECT_TRUE(log.notes()[0].starts_with(note)) << log.notes()[0];
}

TEST(ViolationLog, NamesAPathThatOnlyTheHostHas) {
  const auto said = [](const std::string& program) {
    Circumstances in;
    in.program = program;
    in.is_on_host_only = [](const std::string& path) { return path == "/srv/python"; };
    ViolationLog log;
    log.add("f", in);
    log.on_output("e1", "python3: exec: /srv/python: not found");
    InvocationRecord record = failed(nullptr);
    record.status = InvocationStatus::exit;
    record.exit_reason = "Runtime exited with error: exit status 127";
    log.on_invocation(record);
    return log.notes().size() == 1 ? log.notes()[0] : "";
  };
  const std::string begin = "'/srv/python' is there on this host, but not in the strict sandbox: ";
  EXPECT_EQ(said("./run"), begin +
                               "a function has its own directory, as /var/task, and the "
                               "system's; put it there, or try --sandbox none");
  EXPECT_EQ(said("python3"), begin +
                                 "the python3 of your PATH leads there; make a virtual "
                                 "environment beside function.json (python3 -m venv .venv && "
                                 ".venv/bin/pip install awslambdaric), or name an interpreter "
                                 "in EntryPoint");
}

TEST(ViolationLog, KnowsOfWhichFunctionsAnIdWasTold) {
  ViolationLog log;
  log.on_found([](const std::string&) {});
  log.on_invocation(failed(k_read_only, "f"));
  log.add("f", {});  // edited
  log.on_invocation(failed(k_full, "g"));
  EXPECT_EQ(log.functions_with("W1"), std::set<std::string>{"f"});
  EXPECT_TRUE(log.functions_with("W36").empty());
}

TEST(ViolationLog, SaysItOfAnInitOnce) {
  InitRecord init;
  init.function = "f";
  init.environment_id = "e1";
  init.status = InitStatus::error;
  init.error_type = "Runtime.ExitError";
  init.exit_reason = "Runtime exited with error: signal: segmentation fault";
  InvocationRecord record = failed(nullptr);
  record.status = InvocationStatus::exit;
  record.exit_reason = init.exit_reason;
  record.never_started = true;
  ViolationLog log;
  log.on_init(init);
  log.on_init(init);
  log.on_invocation(record);
  ASSERT_EQ(log.notes().size(), 1U);
  EXPECT_TRUE(log.notes()[0].starts_with("W21: native code crashed")) << log.notes()[0];
  ViolationLog explained;  // the output is that of the init
  explained.on_output("e1", "OSError: [Errno 28] No space left on device");
  explained.on_init(init);
  explained.on_invocation(record);
  ASSERT_EQ(explained.notes().size(), 1U);
  EXPECT_TRUE(explained.notes()[0].starts_with("W5: ")) << explained.notes()[0];
  ViolationLog reported;
  init.error_body = make_payload(R"({"errorType":"E","errorMessage":"no model"})");
  reported.on_init(init);
  EXPECT_TRUE(reported.notes().empty()) << "its client exits after that";
}

TEST(ViolationLog, ExplainsAFailedInit) {
  ViolationLog log;
  InitRecord record;
  record.environment_id = "e1";
  record.error_body = make_payload(k_read_only);
  log.on_init(record);
  EXPECT_TRUE(log.notes().empty()) << "an init that worked";
  record.status = InitStatus::error;
  log.on_init(record);
  EXPECT_EQ(log.notes(), std::vector<std::string>{k_note});
}

TEST(ViolationLog, TellsOfWhatCostsThoughItWorks) {
  ViolationLog log;
  log.on_output("e1",
                "UserWarning: [Errno 2] No such file or directory.  joblib will operate in "
                "serial mode");
  log.on_invocation(worked());
  ASSERT_EQ(log.notes(true).size(), 1U);
  EXPECT_TRUE(log.notes(true)[0].starts_with("W6: ")) << log.notes(true)[0];
}

TEST(ViolationLog, KeepsTheEndOfMuchOutput) {
  ViolationLog log;
  for (int i = 0; i < 1000; ++i)
    log.on_output("e1", std::string(100, '.'));
  log.on_output("e1",
                std::string(20'000, '.') + "\nOSError: [Errno 30] Read-only file system: 'x'");
  log.on_invocation(failed(nullptr));
  EXPECT_EQ(log.notes(), std::vector<std::string>{k_note});
}

TEST(ViolationLog, TellsAtOnceOncePerFunctionAndText) {
  ViolationLog log;
  log.add("f", {});
  std::vector<std::string> told;
  log.on_found([&](const std::string& text) { told.push_back(text); });
  log.on_invocation(failed(k_read_only));
  EXPECT_EQ(told, std::vector<std::string>{k_note});
  log.add("g", {});
  log.on_invocation(failed(k_read_only, "g"));
  log.on_invocation(failed(k_read_only, "g"));
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[1], "'g': " + k_note);
}

std::string read_only(const std::string& path) {
  return R"({"errorType":"OSError","errorMessage":"[Errno 30] Read-only file system: ')" + path +
         R"('"})";
}

// One is mended, and the next one shows.
TEST(ViolationLog, TellsOfEachPathOfOneId) {
  ViolationLog log;
  std::vector<std::string> told;
  log.on_found([&](const std::string& text) { told.push_back(text); });
  for (const char* path : {"/a", "/a", "/b", "/a"})
    log.on_invocation(failed(read_only(path).c_str()));
  ASSERT_EQ(told.size(), 2U);
  EXPECT_NE(told[0].find("'/a'"), std::string::npos) << told[0];
  EXPECT_NE(told[1].find("'/b'"), std::string::npos) << told[1];
}

TEST(ViolationLog, TellsOfTenOfAnIdThatNamesAnotherPathEachTime) {
  ViolationLog log;
  for (int i = 0; i < 30; ++i)
    log.on_invocation(failed(read_only("/var/task/tmp" + std::to_string(i)).c_str()));
  EXPECT_EQ(log.notes().size(), 10U);
  log.on_invocation(failed(k_full));
  EXPECT_EQ(log.notes().size(), 11U) << "others are told all the same";
}

TEST(ViolationLog, TellsAnewOfAFunctionThatIsAddedAgain) {
  ViolationLog log;
  Circumstances in;
  in.sandbox = "strict";
  log.add("f", in);
  std::vector<std::string> told;
  log.on_found([&](const std::string& text) { told.push_back(text); });
  log.on_invocation(failed(k_full));
  in.tmp_mb = 700;
  log.add("f", in);
  for (int i = 0; i < 2; ++i)
    log.on_invocation(failed(k_full));
  ASSERT_EQ(told.size(), 2U);
  EXPECT_NE(told[0].find("/tmp is full (512 MB)"), std::string::npos) << told[0];
  EXPECT_NE(told[1].find("/tmp is full (700 MB)"), std::string::npos) << told[1];
}

TEST(ViolationLog, LeavesOutWhatSomebodyElseTells) {
  ViolationLog log;
  log.on_invocation(failed(k_read_only));
  log.on_invocation(failed(k_full));
  log.leave_out("W1");
  ASSERT_EQ(log.notes().size(), 1U);
  EXPECT_TRUE(log.notes()[0].starts_with("W5: ")) << log.notes()[0];
}

TEST(ViolationLog, KnowsHowManyThreadsThereWereAtATimeout) {
  ViolationLog log;
  auto record = failed(R"({"errorType":"Sandbox.Timedout","errorMessage":"Task timed out"})");
  log.on_invocation(record);
  EXPECT_TRUE(log.notes().empty());
  record.threads_at_timeout = 66;
  log.on_invocation(record);
  ASSERT_EQ(log.notes().size(), 1U);
  EXPECT_TRUE(log.notes()[0].starts_with("W30: it had 66 threads; ")) << log.notes()[0];
}

TEST(ViolationLog, KnowsWhatTheFunctionRunsIn) {
  ViolationLog log;
  Circumstances in;
  in.sandbox = "strict";
  in.tmp_mb = 700;
  log.add("f", in);
  log.on_invocation(failed(k_full));
  EXPECT_NE(log.notes().at(0).find("/tmp is full (700 MB)"), std::string::npos);
}

}  // namespace
}  // namespace coldframe
