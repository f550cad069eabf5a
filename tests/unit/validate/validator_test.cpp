#include "emulator/validate/validator.hpp"

#include <gtest/gtest.h>

#include "tests/support/fake_clock.hpp"
#include "tests/unit/validate/fake_function.hpp"

namespace coldframe {
namespace {

using testing::answer;
using testing::broken;
using testing::FakeCall;
using testing::FakeClock;
using testing::FakeFunction;

GoldenSuite suite_of(const std::vector<std::string>& lines) {
  GoldenSuite suite;
  suite.files = {"golden/cases.jsonl"};
  for (const std::string& line : lines) {
    Result<GoldenCase> golden = parse_golden_line(line, "");
    EXPECT_TRUE(golden) << line;
    golden.value().file = suite.files[0];
    golden.value().line = suite.cases.size() + 1;
    suite.cases.push_back(golden.value());
  }
  return suite;
}

GoldenSuite squares() {
  return suite_of({R"({"id":"one","event":1,"expect":{"n":1.5}})",
                   R"({"id":"two","event":2,"expect":{"n":2.5}})",
                   R"({"id":"three","event":3,"expect":{"n":3.5}})"});
}

Observation half_more(const FakeCall& call) { return answer(R"({"n":)" + call.event + ".5}"); }

ValidationReport run(FakeFunction& function, const GoldenSuite& suite,
                     ValidateOptions options = {}) {
  Result<ValidationReport> report = Validator(std::move(options)).run(function, suite);
  EXPECT_TRUE(report) << (report ? "" : report.error().message);
  return report ? report.value() : ValidationReport();
}

TEST(Validator, RunsEveryCaseColdAndOnceMoreWarmInOneEnvironment) {
  FakeFunction function(half_more);
  const ValidationReport report = run(function, squares());
  EXPECT_EQ(function.starts(), 1);
  ASSERT_EQ(function.calls().size(), 6u);
  EXPECT_EQ(function.calls()[3].event, "1");
  EXPECT_EQ(report.summary.passed, 3u);
  EXPECT_EQ(report.exit_code, ExitCode::ok);
  EXPECT_TRUE(report.reasons.empty());
  EXPECT_EQ(report.summary.max_abs, 0.0);
  ASSERT_EQ(report.histogram.size(), 1u);
  EXPECT_EQ(report.histogram[0].count, 3u);
}

TEST(Validator, FailsACaseThatIsRightColdAndWrongWarm) {
  FakeFunction function([](const FakeCall& call) {
    return call.call == 5 ? answer(R"({"n":7.5})") : half_more(call);
  });
  const ValidationReport report = run(function, squares());
  EXPECT_EQ(report.cases[1].status, CaseStatus::fail);
  ASSERT_EQ(report.cases[1].findings.size(), 1u);
  EXPECT_EQ(report.cases[1].findings[0].pass, Pass::warm);
  EXPECT_EQ(report.exit_code, ExitCode::function_failed);
  EXPECT_EQ(report.reasons, std::vector<std::string>{"1 of 3 cases failed"});
}

TEST(Validator, TellsTheSameFindingOfBothPassesOnce) {
  FakeFunction function([](const FakeCall&) { return answer(R"({"n":1.5})"); });
  const ValidationReport report = run(function, squares());
  EXPECT_EQ(report.summary.passed, 1u);
  EXPECT_EQ(report.summary.failed, 2u);
  ASSERT_EQ(report.cases[2].findings.size(), 1u);
  EXPECT_EQ(report.cases[2].findings[0].pass, Pass::both);
  ASSERT_EQ(report.worst_first().size(), 2u);
  EXPECT_EQ(report.worst_first()[0]->id, "three") << "2 off is worse than 1 off";
}

TEST(Validator, CountsAnUnexpectedFunctionErrorAsAWrongAnswer) {
  FakeFunction function([](const FakeCall& call) {
    if (call.event != "2") return half_more(call);
    return broken(InvocationStatus::function_error,
                  R"({"errorType":"KeyError","errorMessage":"'body'"})");
  });
  const ValidationReport report = run(function, squares());
  EXPECT_EQ(report.cases[1].status, CaseStatus::fail);
  EXPECT_EQ(report.cases[1].findings[0].kind, FindingKind::function_error);
  EXPECT_EQ(report.cases[1].findings[0].message, "function error KeyError: 'body'");
}

TEST(Validator, CallsATimeoutAnErrorThatNoMaxFailExcuses) {
  FakeFunction function([](const FakeCall& call) {
    if (call.event != "2") return half_more(call);
    return broken(InvocationStatus::timeout, R"({"errorType":"Sandbox.Timedout"})");
  });
  ValidateOptions options;
  options.max_fail = MaxFail::parse("50%").value();
  const ValidationReport report = run(function, squares(), options);
  EXPECT_EQ(report.cases[1].status, CaseStatus::error);
  EXPECT_EQ(report.summary.errors, 1u);
  EXPECT_EQ(report.summary.failed, 0u);
  EXPECT_EQ(report.exit_code, ExitCode::function_failed);
  EXPECT_EQ(report.reasons[0],
            "1 of 3 cases had no answer to judge, which --max-fail never excuses");
  EXPECT_FALSE(report.cannot_start);
}

TEST(Validator, StopsAtOnceWhenTheFunctionCannotStart) {
  for (const InvocationStatus status :
       {InvocationStatus::init_error, InvocationStatus::exit, InvocationStatus::timeout,
        InvocationStatus::out_of_memory}) {
    FakeFunction function([&](const FakeCall&) {
      return broken(status, R"({"errorType":"Runtime.ExitError","errorMessage":"status 1"})");
    });
    const ValidationReport report = run(function, squares());
    EXPECT_TRUE(report.cannot_start);
    EXPECT_EQ(report.exit_code, ExitCode::cannot_start);
    EXPECT_EQ(function.calls().size(), 1u) << "no case is tried after that";
    EXPECT_EQ(report.cases[0].status, CaseStatus::error);
    EXPECT_EQ(report.cases[1].status, CaseStatus::skip);
    EXPECT_EQ(report.summary.skipped, 2u);
    EXPECT_EQ(report.reasons[0], "the function cannot start: Runtime.ExitError: status 1");
  }
}

TEST(Validator, KnowsACrashAfterInitFromAFailedStart) {
  FakeFunction function([&](const FakeCall&) {
    return broken(InvocationStatus::exit, R"({"errorType":"Runtime.ExitError"})");
  });
  function.fail_after_init();
  const ValidationReport report = run(function, squares());
  EXPECT_FALSE(report.cannot_start);
  EXPECT_EQ(report.summary.errors, 3u);
}

TEST(Validator, KnowsACrashAfterASecondInitThatWorked) {
  // The first init failed, so REPORT has no Init Duration; the second ran inside this invoke.
  FakeFunction function([&](const FakeCall&) {
    return broken(InvocationStatus::exit, R"({"errorType":"Runtime.ExitError"})");
  });
  function.fail_after_init();
  function.without_init_duration();
  const ValidationReport report = run(function, squares());
  EXPECT_FALSE(report.cannot_start);
  EXPECT_EQ(report.exit_code, ExitCode::function_failed);
  EXPECT_EQ(report.summary.errors, 3u);
}

TEST(Validator, PassesAnExpectedFunctionErrorAndStatus) {
  const GoldenSuite suite = suite_of(
      {R"({"id":"raises","event":1,"expect":{"error":{"errorType":"KeyError"}}})",
       R"({"id":"refuses","event":2,"expect":{"status":400,"body":{"code":"BAD"}}})",
       R"({"id":"times-out","event":3,"expect":{"error":{"errorType":"Sandbox.Timedout"}}})"});
  FakeFunction function([](const FakeCall& call) {
    if (call.event == "1") {
      return broken(InvocationStatus::function_error, R"({"errorType":"KeyError"})");
    }
    if (call.event == "3") {
      return broken(InvocationStatus::timeout, R"({"errorType":"Sandbox.Timedout"})");
    }
    return answer(R"({"statusCode":400,"headers":{"x":"y"},"body":"{\"code\":\"BAD\"}"})");
  });
  const ValidationReport report = run(function, suite);
  EXPECT_EQ(report.summary.passed, 3u);
  EXPECT_TRUE(report.cases[1].findings.empty()) << "headers are nobody's business here";
}

TEST(Validator, FailsAnotherErrorThanTheWantedAndAnAnswerInsteadOfOne) {
  const GoldenSuite suite =
      suite_of({R"({"id":"other","event":1,"expect":{"error":{"errorType":"KeyError"}}})",
                R"({"id":"answer","event":2,"expect":{"error":{"errorType":"KeyError"}}})"});
  FakeFunction function([](const FakeCall& call) {
    return call.event == "1"
               ? broken(InvocationStatus::function_error, R"({"errorType":"TypeError"})")
               : answer("{}");
  });
  const ValidationReport report = run(function, suite);
  EXPECT_EQ(report.cases[0].findings[0].path, "$.errorType");
  EXPECT_EQ(report.cases[1].findings[0].kind, FindingKind::no_function_error);
  EXPECT_EQ(report.summary.failed, 2u);
}

TEST(Validator, FailsAnEmptyAnswerAndOneThatIsNotJson) {
  FakeFunction function(
      [](const FakeCall& call) { return answer(call.event == "1" ? "" : "oops"); });
  const ValidationReport report = run(function, squares());
  EXPECT_EQ(report.cases[0].findings[0].message, "the answer is empty");
  EXPECT_EQ(report.cases[1].findings[0].kind, FindingKind::not_json);
}

TEST(Validator, RunsOnlyTheCasesAskedForAndRefusesUnknownIds) {
  FakeFunction function(half_more);
  ValidateOptions options;
  options.only = {"three", "one"};
  const ValidationReport report = run(function, squares(), options);
  ASSERT_EQ(report.cases.size(), 2u);
  EXPECT_EQ(report.cases[0].id, "one");
  options.only = {"four"};
  FakeFunction untouched(half_more);
  const Result<ValidationReport> refused = Validator(options).run(untouched, squares());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ExitCode::usage);
  EXPECT_EQ(refused.error().message, "there is no golden case \"four\" in golden/cases.jsonl");
  EXPECT_EQ(untouched.recycles(), 0) << "nothing was started";
}

TEST(Validator, AllowsAsManyFailuresAsAskedFor) {
  FakeFunction function([](const FakeCall&) { return answer(R"({"n":1.5})"); });
  ValidateOptions options;
  options.max_fail = MaxFail::parse("2").value();
  EXPECT_EQ(run(function, squares(), options).exit_code, ExitCode::ok);
  options.max_fail = MaxFail::parse("66%").value();
  EXPECT_EQ(run(function, squares(), options).exit_code, ExitCode::function_failed);
}

TEST(Validator, SaysWhatMaxFailExcusesAndWhereItIsExceeded) {
  FakeFunction function([](const FakeCall&) { return answer(R"({"n":1.5})"); });
  ValidateOptions options;
  options.max_fail = MaxFail::parse("70%").value();
  const ValidationReport excused = run(function, squares(), options);
  EXPECT_EQ(excused.reasons, std::vector<std::string>{"--max-fail 70% excuses 2 of 3 cases that "
                                                      "failed: two, three"});
  EXPECT_EQ(excused.summary.excused, 2u);
  EXPECT_EQ(excused.summary.failed, 2u);
  EXPECT_FALSE(excused.cases[0].excused);
  EXPECT_TRUE(excused.cases[1].excused);
  options.max_fail = MaxFail::parse("1").value();
  const ValidationReport exceeded = run(function, squares(), options);
  EXPECT_EQ(exceeded.reasons,
            std::vector<std::string>{"2 of 3 cases failed, more than --max-fail 1 excuses"});
  EXPECT_EQ(exceeded.summary.excused, 0u);
}

TEST(Validator, HandsOnAFailureOfTheEmulator) {
  FakeFunction function([](const FakeCall&) -> Result<Observation> {
    return host_error("cannot start a process: Resource temporarily unavailable");
  });
  const Result<ValidationReport> report = Validator({}).run(function, squares());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ExitCode::emulator_failed);
}

TEST(Validator, KeepsWhatItHadWhenASignalCame) {
  const auto interrupted_at = [](int call) {
    FakeFunction function([&](const FakeCall& one) -> Result<Observation> {
      if (one.call == call) return Error{static_cast<ExitCode>(130), "interrupted by a signal"};
      return one.event == "2" ? answer("7") : half_more(one);
    });
    return run(function, squares());
  };
  const ValidationReport late = interrupted_at(5);  // in the warm pass of "two"
  EXPECT_EQ(static_cast<int>(late.exit_code), 130);
  EXPECT_EQ(late.reasons, std::vector<std::string>{"interrupted by SIGINT after 4 of 6 calls; 1 of "
                                                   "3 cases were not judged"});
  EXPECT_EQ(late.cases[0].status, CaseStatus::pass);
  EXPECT_EQ(late.cases[1].status, CaseStatus::fail) << "wrong in one pass is wrong";
  EXPECT_EQ(late.cases[2].status, CaseStatus::skip);
  const ValidationReport early = interrupted_at(1);
  EXPECT_EQ(early.summary.skipped, 3u);
  EXPECT_EQ(early.interrupted_by, 2);
}

TEST(Validator, JudgesNoCaseThatItsTimeDidNotSufficeFor) {
  FakeClock clock;
  ValidateOptions options;
  options.clock = &clock;
  options.max_time = std::chrono::seconds(3);
  const auto run_with = [&](const char* answer_to_two) {
    FakeFunction function([&](const FakeCall& one) -> Result<Observation> {
      clock.advance(std::chrono::seconds(1));
      return one.event == "2" ? answer(answer_to_two) : half_more(one);
    });
    return run(function, squares(), options);
  };
  const ValidationReport right = run_with(R"({"n":2.5})");
  EXPECT_EQ(right.exit_code, ExitCode::inconclusive);
  EXPECT_EQ(right.reasons, std::vector<std::string>{"--max-time was over after 3 of 6 calls; 3 of "
                                                    "3 cases were not judged"});
  EXPECT_EQ(right.summary.skipped, 3u);
  const ValidationReport wrong = run_with("7");
  EXPECT_EQ(wrong.exit_code, ExitCode::function_failed) << "wrong is wrong, however it ended";
  EXPECT_EQ(wrong.reasons.size(), 2u);
  options.max_time = std::chrono::seconds(60);
  EXPECT_EQ(run_with(R"({"n":2.5})").exit_code, ExitCode::ok);
}

TEST(Validator, TellsItsProgress) {
  FakeFunction function([](const FakeCall&) { return answer(R"({"n":1.5})"); });
  std::vector<ValidateProgress> seen;
  ValidateOptions options;
  options.progress = [&](const ValidateProgress& progress) { seen.push_back(progress); };
  run(function, squares(), options);
  ASSERT_EQ(seen.size(), 6u);
  EXPECT_EQ(seen[5].done, 6u);
  EXPECT_EQ(seen[5].total, 6u);
  EXPECT_EQ(seen[5].bad, 2u);
  EXPECT_EQ(seen[2].pass, Pass::cold);
  EXPECT_EQ(seen[3].pass, Pass::warm);
}

TEST(Validator, SortsDeltasIntoDecades) {
  FakeFunction function([](const FakeCall& call) {
    return answer(call.event == "1" ? R"({"n":1.5})"
                                    : (call.event == "2" ? R"({"n":2.50000002})" : R"({"n":4.5})"));
  });
  const ValidationReport report = run(function, squares());
  ASSERT_EQ(report.histogram.size(), 3u);
  EXPECT_EQ(report.histogram[0].up_to, 0.0);
  EXPECT_NEAR(report.histogram[1].up_to, 1e-7, 1e-12);
  EXPECT_NEAR(report.histogram[2].up_to, 1.0, 1e-9);
}

TEST(MaxFail, RefusesWhatIsNoCount) {
  for (const char* text :
       {"", "%", "-1", "1.5", "101%", "x", "3 ", "nan", "5%%", "inf", "infinity"}) {
    EXPECT_FALSE(MaxFail::parse(text)) << text;
  }
  EXPECT_TRUE(MaxFail::parse("0.5%").value().allows(1, 200));
  EXPECT_FALSE(MaxFail::parse("0.5%").value().allows(2, 200));
}

Observation timed_out(const FakeCall& call) {
  return broken(InvocationStatus::timeout,
                R"({"errorType":"Sandbox.Timedout","errorMessage":"RequestId: )" +
                    std::to_string(call.start) + R"( Error: Task timed out after 1.00 seconds"})");
}

TEST(Validator, SaysOnceThatACaseTimedOut) {
  FakeFunction function(timed_out);
  function.fail_after_init();
  const ValidationReport report = run(function, suite_of({R"({"id":"a","event":1,"expect":1})"}));
  ASSERT_EQ(report.cases[0].findings.size(), 1u) << "the request id does not make it two";
  EXPECT_EQ(report.cases[0].findings[0].message, "timed out after 1 s");
  EXPECT_EQ(report.cases[0].findings[0].got, "");
}

TEST(Validator, SaysThatMaxFailExcusesNoMissingAnswer) {
  FakeFunction function(timed_out);
  function.fail_after_init();
  ValidateOptions options;
  options.max_fail = {100, true};
  const ValidationReport report =
      run(function, suite_of({R"({"id":"a","event":1,"expect":1})"}), options);
  EXPECT_EQ(report.exit_code, ExitCode::function_failed);
  EXPECT_EQ(report.reasons, std::vector<std::string>{"1 of 1 cases had no answer to judge, which "
                                                     "--max-fail never excuses"});
}

// What the one failing case with this `expect` says of this answer.
std::string said_of(const std::string& expect, const std::string& payload) {
  FakeFunction function([&](const FakeCall&) { return answer(payload); });
  const ValidationReport report =
      run(function, suite_of({R"({"id":"a","event":1,"expect":)" + expect + "}"}));
  return report.cases[0].findings.empty() ? "" : report.cases[0].findings[0].message;
}

TEST(Validator, GuessesTheFormThatALiteralExpectWasMeantToBe) {
  const std::string proxy = R"({"statusCode":400,"body":"{}"})";
  for (const char* expect : {R"({"status":400})", R"({"status":400,"bdy":{}})"}) {
    FakeFunction function([&](const FakeCall&) { return answer(proxy); });
    const ValidationReport report =
        run(function, suite_of({std::string(R"({"id":"a","event":1,"expect":)") + expect + "}"}));
    std::string all;
    for (const Finding& finding : report.cases[0].findings)
      all += finding.message + "\n";
    EXPECT_NE(all.find("the key is missing; did you mean statusCode? \"status\" is a form only "
                       "together with \"body\""),
              std::string::npos)
        << expect << all;
  }
  const std::string form = "did you mean {\"error\":{\"errorType\":…}}, a wanted function error?";
  EXPECT_NE(said_of(R"({"errors":{"errorType":"KeyError"}})", "1").find(form), std::string::npos);
  EXPECT_NE(said_of(R"({"errorType":"KeyError"})", "{}").find(form), std::string::npos);
  EXPECT_EQ(said_of(R"({"status":1})", R"({"status":2})"), "not the wanted integer");
  EXPECT_EQ(said_of(R"({"value":{"status":1}})", "{}"), "the key is missing") << "it is meant so";
  EXPECT_EQ(said_of(R"({"status":"ok"})", "{}"), "the key is missing") << "no HTTP status";
}

}  // namespace
}  // namespace coldframe
