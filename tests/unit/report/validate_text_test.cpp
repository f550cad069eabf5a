#include <gtest/gtest.h>

#include "emulator/report/validate_text.hpp"
#include "tests/unit/report/report_fixture.hpp"

namespace coldframe {
namespace {

using namespace report_fixture;

TEST(ValidateText, ShowsTheWorstFirstAndHowToRunThemAgain) {
  const std::string text =
      validate_text(sample_report(), {"validate", "fn", "--golden", "g.jsonl"});
  EXPECT_NE(text.find("cases  5   pass 1   fail 2   error 1   skipped 1"), std::string::npos)
      << text;
  const std::size_t hangs = text.find("hangs");
  const std::size_t large = text.find("large");
  const std::size_t small = text.find("small");
  EXPECT_LT(hangs, large);
  EXPECT_LT(large, small);
  EXPECT_NE(text.find("×over"), std::string::npos);
  EXPECT_NE(text.find("again  coldframe validate fn --golden g.jsonl --only hangs,large,small\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("FAIL   exit 1   1 of 5 cases had no answer to judge; 2 of 5 cases failed"),
            std::string::npos);
  EXPECT_NE(text.find("|Δ|    0 ▇▇▇▇▇▇▇▇ 1"), std::string::npos) << text;
}

TEST(ValidateText, ShowsPathWantedGotAndAllowedOfANumber) {
  const std::string text = validate_text(sample_report(), {"validate"});
  EXPECT_NE(text.find("  large  $.b   1.0   9.0  8    0.1      80\n"), std::string::npos) << text;
}

TEST(ValidateText, NamesThoseThatWereRightColdAndWrongWarm) {
  ValidationReport report = sample_report();
  EXPECT_EQ(validate_text(report, {"validate"}).find("\nwarm "), std::string::npos);
  auto later = failing("later", 10, number_finding("$.c", 1, 2, 0.5));
  for (auto& finding : later.findings)
    finding.pass = Pass::warm;
  report.cases.push_back(later);
  const std::string text = validate_text(report, {"validate"});
  EXPECT_NE(
      text.find("\nwarm   1 case was right in the cold pass and wrong in the warm one: later\n"),
      std::string::npos)
      << text;
}

TEST(ValidateText, CallsAPassAPass) {
  ValidationReport report = sample_report();
  report.cases.resize(1);
  report.summary = {1, 1, 0, 0, 0, 0, 0, 0.0};
  report.exit_code = ExitCode::ok;
  const std::string text = validate_text(report, {"validate"});
  EXPECT_NE(text.find("PASS   1 of 1 cases, cold and warm\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("worst"), std::string::npos);
}

TEST(ValidateText, ListsTenAndCountsTheRest) {
  ValidationReport report = sample_report();
  for (int i = 0; i < 20; ++i) {
    report.cases.push_back(
        failing("more-" + std::to_string(i), 10, number_finding("$.c", 1, 2, 0.5)));
  }
  const std::string text = validate_text(report, {"validate"});
  EXPECT_NE(text.find("and 13 more; -v, --json FILE or --junit FILE lists them all\n"),
            std::string::npos);
  EXPECT_NE(text.find("--only hangs,large,small,more-0,"), std::string::npos);
  EXPECT_NE(text.find(",more-19\n"), std::string::npos) << "again has all of them: " << text;
  const std::string all = validate_text(report, {"validate"}, {.all = true});
  EXPECT_EQ(all.find("more;"), std::string::npos);
  EXPECT_NE(all.find("\n  more-19 "), std::string::npos) << all;
}

TEST(ValidateText, RunsManyAgainThroughTheResultFile) {
  ValidationReport report = sample_report();
  for (int i = 0; i < 500; ++i) {
    report.cases.push_back(
        failing("a-long-name-" + std::to_string(i), 10, number_finding("$.c", 1, 2, 0.5)));
  }
  EXPECT_NE(validate_text(report, {"validate", "f", "--only=x"}, {.result_file = "my r.json"})
                .find("again  coldframe validate f --failed-from 'my r.json'\n"),
            std::string::npos);
  EXPECT_NE(validate_text(report, {"validate", "f"})
                .find("again  503 ids are too many for a command; write --json FILE, then "),
            std::string::npos);
}

TEST(ValidateText, SaysWhatMaxFailExcused) {
  ValidationReport report = sample_report();
  report.cases.resize(2);
  report.cases[1].excused = true;
  report.summary = {2, 1, 1, 0, 0, 0, 0, 0.5, 1};
  report.exit_code = ExitCode::ok;
  report.reasons = {"--max-fail 1 excuses 1 of 2 cases that failed: small"};
  const std::string text = validate_text(report, {"validate"});
  EXPECT_NE(text.find("PASS   1 of 2 cases, cold and warm; --max-fail 1 excuses 1 of 2 cases that "
                      "failed: small\nagain  coldframe validate --only small\n"),
            std::string::npos)
      << text;
}

TEST(ValidateText, QuotesIdsForTheShell) {
  ValidationReport report = sample_report();
  report.cases[1].id = "it's; rm";
  EXPECT_NE(validate_text(report, {"validate"}).find(R"(--only 'hangs,large,it'\''s; rm')"),
            std::string::npos);
}

TEST(ValidateText, RepeatsTheProgramAsItWasCalled) {
  EXPECT_NE(
      validate_text(sample_report(), {"validate", "fn"}, {.program = "build/my bin/coldframe"})
          .find("again  'build/my bin/coldframe' validate fn --only "),
      std::string::npos);
}

TEST(ValidateText, RepeatsTheWholeCommandQuotedAndOnlyBeforeTheBootstrap) {
  const auto again = [](const std::vector<std::string>& words) {
    const std::string text = validate_text(sample_report(), words);
    const std::size_t at = text.find("again  ");
    return at == std::string::npos ? "" : text.substr(at, text.find('\n', at) - at);
  };
  EXPECT_EQ(again({"validate", "--golden", "my cases.jsonl", "-E", "A=$x", "--name", "", "--",
                   "./run", "--only", "me"}),
            "again  coldframe validate --golden 'my cases.jsonl' -E 'A=$x' --name '' --only "
            "hangs,large,small -- ./run --only me");
  EXPECT_EQ(again({"test", "fn", "--only", "large,gone", "--only=small", "--memory", "512"}),
            "again  coldframe test fn --memory 512 --only hangs,large,small");
  EXPECT_EQ(again({"test", "fn", "--json", "r.json", "--max-fail", "5%", "--junit=r.xml",
                   "--github", "--max-fail=1", "--", "x", "--json", "y"}),
            "again  coldframe test fn --github --only hangs,large,small -- x --json y")
      << "neither the reports of the whole run nor its limit";
}

TEST(ValidateText, SaysOnlyThatTheFunctionCannotStart) {
  ValidationReport report = sample_report();
  report.cannot_start = true;
  report.exit_code = ExitCode::cannot_start;
  report.reasons = {"the function cannot start: Runtime.ExitError"};
  const std::string text = validate_text(report, {"validate"});
  EXPECT_NE(text.find("FAIL   exit 3   the function cannot start: Runtime.ExitError\n"),
            std::string::npos);
  EXPECT_EQ(text.find("worst"), std::string::npos);
}

}  // namespace
}  // namespace coldframe
