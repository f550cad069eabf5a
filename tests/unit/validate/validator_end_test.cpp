// How a validation ends: what --max-fail excuses, and what was not judged.
#include <gtest/gtest.h>

#include "tests/support/fake_clock.hpp"
#include "tests/unit/validate/validator_fixture.hpp"

namespace coldframe {
namespace {

using testing::answer;
using testing::broken;
using testing::FakeCall;
using testing::FakeClock;
using testing::FakeFunction;
using testing::half_more;
using testing::run;
using testing::squares;
using testing::suite_of;
using testing::timed_out;

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

TEST(MaxFail, RefusesWhatIsNoCount) {
  for (const char* text :
       {"", "%", "-1", "1.5", "101%", "x", "3 ", "nan", "5%%", "inf", "infinity"}) {
    EXPECT_FALSE(MaxFail::parse(text)) << text;
  }
  EXPECT_EQ(MaxFail::parse("101%").error().message,
            "\"101%\" is more than all; a share is 100% at most");
  EXPECT_TRUE(MaxFail::parse("0.5%").value().allows(1, 200));
  EXPECT_FALSE(MaxFail::parse("0.5%").value().allows(2, 200));
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

}  // namespace
}  // namespace coldframe
