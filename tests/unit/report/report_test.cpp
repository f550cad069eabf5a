#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <pugixml.hpp>

#include "emulator/report/bench_text.hpp"
#include "emulator/report/github.hpp"
#include "emulator/report/junit.hpp"
#include "emulator/report/text_table.hpp"
#include "emulator/report/validate_text.hpp"

namespace coldframe {
namespace {

Finding number_finding(const std::string& path, double want, double got, double allowed) {
  Finding finding;
  finding.path = path;
  finding.pass = Pass::both;
  finding.want = nlohmann::json(want).dump();
  finding.got = nlohmann::json(got).dump();
  finding.abs = std::abs(got - want);
  finding.allowed = allowed;
  finding.message = "outside the tolerance";
  return finding;
}

CaseResult failing(const std::string& id, std::size_t line, Finding finding,
                   CaseStatus status = CaseStatus::fail) {
  CaseResult result;
  result.id = id;
  result.file = "golden/cases.jsonl";
  result.line = line;
  result.status = status;
  result.findings.push_back(std::move(finding));
  result.max_abs = result.findings.front().abs;
  result.latency = std::chrono::milliseconds(12);
  return result;
}

ValidationReport sample_report() {
  ValidationReport report;
  report.files = {"golden/cases.jsonl"};
  CaseResult good;
  good.id = "good";
  good.file = report.files[0];
  good.line = 1;
  good.status = CaseStatus::pass;
  good.max_abs = 0.0;
  report.cases.push_back(good);
  report.cases.push_back(failing("small", 2, number_finding("$.a", 1.0, 1.5, 0.1)));
  report.cases.push_back(failing("large", 3, number_finding("$.b", 1.0, 9.0, 0.1)));
  Finding crash;
  crash.kind = FindingKind::no_answer;
  crash.path = "$";
  crash.message = "no answer: timeout (Sandbox.Timedout: after 3.00 seconds)";
  report.cases.push_back(failing("hangs", 4, crash, CaseStatus::error));
  CaseResult skipped = good;
  skipped.id = "left out";
  skipped.status = CaseStatus::skip;
  report.cases.push_back(skipped);
  report.summary = {5, 1, 2, 1, 1, 0, 0, 8.0};
  report.histogram = {{0, 0, 1}, {0.1, 1, 1}, {1, 10, 1}};
  report.exit_code = ExitCode::function_failed;
  report.reasons = {"1 of 5 cases had no answer to judge", "2 of 5 cases failed"};
  return report;
}

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

TEST(Junit, ListsEveryCaseWithItsPlaceAndTellsFailuresFromErrors) {
  pugi::xml_document document;
  ASSERT_TRUE(document.load_string(junit_xml(sample_report()).c_str()));
  const pugi::xml_node suite = document.child("testsuites").child("testsuite");
  EXPECT_STREQ(suite.attribute("name").value(), "golden.cases");
  EXPECT_EQ(suite.attribute("tests").as_int(), 5);
  EXPECT_EQ(suite.attribute("failures").as_int(), 2);
  EXPECT_EQ(suite.attribute("errors").as_int(), 1);
  EXPECT_EQ(suite.attribute("skipped").as_int(), 1);
  const pugi::xml_node large = suite.find_child_by_attribute("testcase", "name", "large");
  EXPECT_STREQ(large.attribute("classname").value(), "golden.cases");
  EXPECT_STREQ(large.attribute("file").value(), "golden/cases.jsonl");
  EXPECT_EQ(large.attribute("line").as_int(), 3);
  EXPECT_TRUE(large.child("failure"));
  EXPECT_NE(std::string(large.child("failure").text().get()).find("want 1.0"), std::string::npos);
  EXPECT_TRUE(suite.find_child_by_attribute("testcase", "name", "hangs").child("error"));
  EXPECT_TRUE(suite.find_child_by_attribute("testcase", "name", "left out").child("skipped"));
  EXPECT_FALSE(suite.find_child_by_attribute("testcase", "name", "good").first_child());
}

TEST(Junit, SkipsWhatMaxFailExcusesAndKeepsItsFindings) {
  ValidationReport report = sample_report();
  report.cases[1].excused = true;
  pugi::xml_document document;
  ASSERT_TRUE(document.load_string(junit_xml(report).c_str()));
  const pugi::xml_node suite = document.child("testsuites").child("testsuite");
  EXPECT_EQ(suite.attribute("failures").as_int(), 1);
  EXPECT_EQ(suite.attribute("skipped").as_int(), 2);
  const pugi::xml_node small = suite.find_child_by_attribute("testcase", "name", "small");
  EXPECT_STREQ(small.child("skipped").attribute("message").value(),
               "excused by --max-fail: $.a: outside the tolerance");
  EXPECT_NE(std::string(small.child("system-out").text().get()).find("got  1.5"),
            std::string::npos);
  EXPECT_FALSE(small.child("failure"));
}

TEST(Junit, ReplacesWhatXmlCannotHold) {
  EXPECT_EQ(xml_text(std::string("a\0b\x1B\xFF\t\n€\xEF\xBF\xBE", 13)),
            "a\uFFFDb\uFFFD\uFFFD\t\n€\uFFFD");
  ValidationReport report = sample_report();
  report.cases[1].findings[0].message = "bell \x07 <&> \xFF";
  pugi::xml_document document;
  const std::string xml = junit_xml(report);
  EXPECT_TRUE(document.load_string(xml.c_str()));
  EXPECT_EQ(xml.find('\x07'), std::string::npos);
}

TEST(Github, EscapesPropertiesAndMessages) {
  ValidationReport report = sample_report();
  report.cases.resize(2);
  report.cases[1].id = "50%: a, b";
  report.cases[1].findings[0].message = "100% off: here, there\r\nnext";
  const std::string text = github_annotations(report);
  EXPECT_EQ(text.rfind("::error file=golden/cases.jsonl,line=2,"
                       "title=golden case 50%25%3A a%2C b::$.a: 100%25 off: here, "
                       "there%0D%0Anext%0Awant 1.0%0A",
                       0),
            0u)
      << text;
  EXPECT_EQ(text.find('\n'), text.size() - 1);
}

TEST(Github, WarnsOfWhatMaxFailExcuses) {
  ValidationReport report = sample_report();
  report.cases[1].excused = true;
  const std::string text = github_annotations(report);
  EXPECT_NE(text.find("::warning file=golden/cases.jsonl,line=2,title=golden case small%2C excused "
                      "by --max-fail::$.a: "),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("::error file=golden/cases.jsonl,line=3,title=golden case large::"),
            std::string::npos);
  for (int i = 0; i < 9; ++i) {
    report.cases.push_back(report.cases[1]);
  }
  EXPECT_NE(github_annotations(report).find("::warning title=coldframe validate::and 1 more golden "
                                            "cases did not pass, excused by --max-fail\n"),
            std::string::npos);
}

TEST(Github, ShowsTheNineWorstAndOneLineForTheRest) {
  ValidationReport report = sample_report();
  for (int i = 0; i < 20; ++i) {
    report.cases.push_back(
        failing("more-" + std::to_string(i), 10, number_finding("$.c", 1, 2, 0.5)));
  }
  const std::string text = github_annotations(report);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 10);
  EXPECT_NE(text.find("and 14 more golden cases did not pass\n"), std::string::npos);
  report.cases.resize(1);
  EXPECT_EQ(github_annotations(report), "");
}

TEST(TextTable, CountsCharactersNotBytes) {
  TextTable table({"a", "b"});
  table.add({"é≤", "x"});
  EXPECT_EQ(table.text(), "a   b\né≤  x\n");
}

TEST(TextTable, SaysTimesAndSizesAsPeopleDo) {
  EXPECT_EQ(time_text(1480), "1.48 s");
  EXPECT_EQ(time_text(12345), "12.3 s");
  EXPECT_EQ(time_text(999.9), "1.00 s");
  EXPECT_EQ(time_text(412), "412 ms");
  EXPECT_EQ(time_text(52.14), "52.1 ms");
  EXPECT_EQ(time_text(5.2149), "5.21 ms");
  EXPECT_EQ(time_text(0.412), "412 µs");
  EXPECT_EQ(bytes_text(187.0 * 1024 * 1024), "187 MB");
}

BenchEstimate estimate_of(double value, std::optional<double> lo, std::optional<double> hi,
                          std::size_t n, std::optional<std::size_t> needed) {
  BenchEstimate estimate;
  estimate.value = {value, lo, hi, n, needed};
  estimate.launches = n;
  return estimate;
}

BenchReport sample_bench() {
  BenchReport report;
  report.scenario.kind = BenchKind::cold;
  report.scenario.launches_requested = 40;
  report.scenario.launches = 40;
  report.scenario.calls_per_launch = 2;
  MetricSummary init;
  init.key = "init_ms";
  init.p50 = estimate_of(1480, 1460, 1520, 40, {});
  init.p90 = estimate_of(1710, {}, 1940, 40, {});
  init.p99 = estimate_of(2010, {}, {}, 40, 299);
  init.max = 2010;
  report.summary.push_back(init);
  report.calls = 80;
  return report;
}

TEST(BenchText, ShowsIntervalsAndWhatATailWouldNeed) {
  const std::string text = bench_text(sample_bench(), "scoring");
  EXPECT_NE(text.find("1.48 s [1.46, 1.52]"), std::string::npos) << text;
  EXPECT_NE(text.find("1.71 s [≤ 1.94]"), std::string::npos) << text;
  EXPECT_NE(text.find("p99 needs ≥ 299 starts (have 40)"), std::string::npos) << text;
  EXPECT_NE(text.find("\nVALID\n"), std::string::npos) << text;
}

TEST(BenchText, ShowsReasonsOfAnInvalidRunAndUndecidedThresholds) {
  BenchReport report = sample_bench();
  report.valid = false;
  report.validity_reasons = {"3 of 80 calls failed: timeout ×3"};
  report.errors = 3;
  ThresholdResult undecided;
  undecided.threshold = parse_threshold("init.p99 < 3s").value();
  undecided.value = 2010;
  undecided.lo = 1900;
  undecided.needed = 299;
  report.thresholds.push_back(undecided);
  report.exit_code = ExitCode::function_failed;
  report.reasons = report.validity_reasons;
  const std::string text = bench_text(report, "scoring");
  EXPECT_NE(text.find("INVALID  3 of 80 calls failed: timeout ×3\n"), std::string::npos) << text;
  EXPECT_NE(text.find("[1.90 s, ?]"), std::string::npos) << text;
  EXPECT_NE(text.find("undecided (about 299 starts would decide)"), std::string::npos) << text;
  EXPECT_NE(text.find("wall times hold for this machine only"), std::string::npos) << text;
  EXPECT_NE(text.find("errors: 3 of 80 calls, 3.8 % [0.78, 11]"), std::string::npos) << text;
}

TEST(BenchText, WritesAHundredPercentAsPeopleDo) {
  BenchReport report = sample_bench();
  report.errors = report.calls;
  const std::string text = bench_text(report, "scoring");
  EXPECT_NE(text.find("errors: 80 of 80 calls, 100 % [95, 100]"), std::string::npos) << text;
}

TEST(BenchText, ShowsNoFigureOfWhatWasNotMeasured) {
  BenchReport report = sample_bench();
  ThresholdResult undecided;
  undecided.threshold = parse_threshold("init.p99 < 3s").value();
  report.thresholds.push_back(undecided);
  const std::string text = bench_text(report, "scoring");
  EXPECT_NE(text.find("init.p99 < 3s  –"), std::string::npos) << text;
}

TEST(BenchText, LabelsABandWithinOneLaunch) {
  BenchReport report = sample_bench();
  report.scenario.kind = BenchKind::warm;
  report.launches.resize(1);
  report.launches[0].warm_up_calls = 3;
  report.summary[0].key = "warm_ms";
  report.summary[0].p50.method = IntervalMethod::within_launch;
  report.summary[0].p50.launches = 1;
  report.summary[0].p50.needed_launches = 5;
  const std::string text = bench_text(report, "scoring");
  EXPECT_NE(text.find("within this launch only"), std::string::npos) << text;
  EXPECT_NE(text.find("the first 3 calls of a launch left out (found)"), std::string::npos) << text;
}

}  // namespace
}  // namespace coldframe
