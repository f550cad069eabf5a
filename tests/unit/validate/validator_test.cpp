#include "emulator/validate/validator.hpp"

#include <gtest/gtest.h>

#include "tests/unit/validate/validator_fixture.hpp"

namespace coldframe {
namespace {

using testing::answer;
using testing::broken;
using testing::FakeCall;
using testing::FakeFunction;
using testing::half_more;
using testing::run;
using testing::squares;
using testing::suite_of;
using testing::timed_out;

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

TEST(Validator, SaysBothOnlyOfWhatItSawInBothPasses) {
  // The key is there twice, and nobody asked for it: two findings that look the same.
  FakeFunction function([](const FakeCall& call) {
    return answer(call.call <= 1 ? R"({"n":1.5,"x":NaN,"x":NaN})" : R"({"n":1.5,"x":NaN})");
  });
  const ValidationReport report =
      run(function, suite_of({R"({"id":"one","event":1,"expect":{"n":1.5}})"}));
  std::vector<Pass> passes;
  for (const Finding& finding : report.cases[0].findings) {
    if (finding.kind == FindingKind::non_finite) passes.push_back(finding.pass);
  }
  EXPECT_EQ(passes, (std::vector<Pass>{Pass::both, Pass::cold}));
  FakeFunction only_cold([](const FakeCall& call) {
    return answer(call.call <= 1 ? R"({"n":1.5,"x":NaN,"x":NaN})" : R"({"n":1.5})");
  });
  const ValidationReport other =
      run(only_cold, suite_of({R"({"id":"one","event":1,"expect":{"n":1.5}})"}));
  EXPECT_FALSE(other.cases[0].findings.empty());
  for (const Finding& finding : other.cases[0].findings)
    EXPECT_EQ(finding.pass, Pass::cold) << finding.message;
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

TEST(Validator, HandsOnAFailureOfTheEmulator) {
  FakeFunction function([](const FakeCall&) -> Result<Observation> {
    return host_error("cannot start a process: Resource temporarily unavailable");
  });
  const Result<ValidationReport> report = Validator({}).run(function, squares());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ExitCode::emulator_failed);
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

TEST(Validator, SaysOnceThatACaseTimedOut) {
  FakeFunction function(timed_out);
  function.fail_after_init();
  const ValidationReport report = run(function, suite_of({R"({"id":"a","event":1,"expect":1})"}));
  ASSERT_EQ(report.cases[0].findings.size(), 1u) << "the request id does not make it two";
  EXPECT_EQ(report.cases[0].findings[0].message, "timed out after 1 s");
  EXPECT_EQ(report.cases[0].findings[0].got, "");
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
