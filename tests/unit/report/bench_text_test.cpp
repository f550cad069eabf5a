#include <gtest/gtest.h>

#include "emulator/report/bench_text.hpp"
#include "emulator/report/text_table.hpp"

namespace coldframe {
namespace {

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

TEST(BenchText, DoesNotCallARunValidWithoutAWordThatHasNoPercentile) {
  BenchReport report = sample_bench();
  MetricSummary& init = report.summary.at(0);
  init.p50 = estimate_of(1480, {}, {}, 3, 5);
  init.p90 = estimate_of(1710, {}, {}, 3, 29);
  std::string text = bench_text(report, "scoring");
  EXPECT_NE(text.find("\nVALID, but too few for any percentile\n"), std::string::npos) << text;
  report.summary.clear();
  text = bench_text(report, "scoring");
  EXPECT_NE(text.find("VALID\n"), std::string::npos) << text;
}

TEST(BenchText, SaysWhatWasSent) {
  BenchReport report = sample_bench();
  report.scenario.events = 2;
  report.scenario.event_source = "smoke goldens";
  EXPECT_NE(bench_text(report, "f").find("\nevents: 2 smoke goldens\n"), std::string::npos);
  report.scenario.event_source = "{}";
  EXPECT_NE(bench_text(report, "f").find("\nevent: {}\n"), std::string::npos);
}

// 40 starts of two calls, the first `errors` of them with an error in the first `calls`.
std::vector<BenchLaunch> starts_with_errors(std::size_t errors, std::size_t calls) {
  std::vector<BenchLaunch> launches(40);
  for (std::size_t i = 0; i < launches.size(); ++i) {
    launches[i].samples.resize(2);
    for (std::size_t j = 0; i < errors && j < calls; ++j)
      launches[i].samples[j].error = "timeout: Sandbox.Timedout";
  }
  return launches;
}

TEST(BenchText, ShowsReasonsOfAnInvalidRunAndUndecidedThresholds) {
  BenchReport report = sample_bench();
  report.valid = false;
  report.validity_reasons = {"3 of 80 calls failed: timeout ×3"};
  report.errors = 3;
  report.launches = starts_with_errors(3, 1);
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
  EXPECT_NE(text.find("errors: 3 of 80 calls, 3.8 % [0.7, 11]"), std::string::npos) << text;
}

TEST(BenchText, WritesAHundredPercentAsPeopleDo) {
  BenchReport report = sample_bench();
  report.errors = report.calls;
  report.launches = starts_with_errors(40, 2);
  const std::string text = bench_text(report, "scoring");
  EXPECT_NE(text.find("errors: 80 of 80 calls, 100 % [91, 100]"), std::string::npos)
      << "40 starts, not 80 calls\n"
      << text;
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
  report.summary[0].p50.for_hi = stats::LaunchNeeds{5, {}};
  const std::string text = bench_text(report, "scoring");
  EXPECT_NE(text.find("within this launch only"), std::string::npos) << text;
  EXPECT_NE(text.find("the first 3 calls of a launch left out (found); together "),
            std::string::npos)
      << text;
}

}  // namespace
}  // namespace coldframe
