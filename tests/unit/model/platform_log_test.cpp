#include "emulator/model/platform_log.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace coldframe {
namespace {

using namespace std::chrono_literals;

constexpr const char* k_id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";

Duration ms(double value) { return Duration(static_cast<std::int64_t>(value * 1e6 + 0.5)); }

InvocationRecord warm_record() {
  InvocationRecord r;
  r.request_id = k_id;
  r.duration = ms(12.3456);
  r.billed_ms = 13;
  r.memory_size_mb = 128;
  r.max_memory_used_bytes = 57 * 1024 * 1024;
  return r;
}

// Vectors of real REPORT lines.
TEST(BilledMilliseconds, AddsInitToDurationAndRoundsUp) {
  const struct {
    double init, duration;
    std::int64_t billed;
  } lines[] = {{80.00, 133.61, 214},     {84, 3016.78, 3101},     {402.04, 3000, 3403},
               {463.512, 1233.96, 1698}, {111.23, 3004.92, 3117}, {1049.63, 1293.83, 2344}};
  for (auto& line : lines) {
    EXPECT_EQ(billed_milliseconds(ms(line.init), ms(line.duration), 900s), line.billed)
        << line.duration << " + " << line.init;
  }
}

TEST(BilledMilliseconds, DoesNotBillAnInitThatTimedOut) {
  EXPECT_EQ(billed_milliseconds(0ns, ms(64754.09), 900s), 64755);
}

TEST(BilledMilliseconds, RoundsTheUnroundedValueUp) {
  EXPECT_EQ(billed_milliseconds(0ns, 100ms, 3s), 100);
  EXPECT_EQ(billed_milliseconds(0ns, 100ms + 1ns, 3s), 101);  // prints as 100.00 ms
  EXPECT_EQ(billed_milliseconds(1ns, 100ms, 3s), 101);
  EXPECT_EQ(billed_milliseconds(0ns, 1ns, 3s), 1);
  EXPECT_EQ(billed_milliseconds(0ns, 0ns, 3s), 0);
}

TEST(BilledMilliseconds, CapsTheFunctionsPartAtTheTimeout) {
  EXPECT_EQ(billed_milliseconds(0ns, ms(45054.87), 45s), 45000);
  EXPECT_EQ(billed_milliseconds(ms(402.04), ms(3054), 3s), 3403);
}

TEST(WholeMegabytes, RoundUp) {
  EXPECT_EQ(whole_megabytes(0), 0);
  EXPECT_EQ(whole_megabytes(1), 1);
  EXPECT_EQ(whole_megabytes(1024 * 1024), 1);
  EXPECT_EQ(whole_megabytes(1024 * 1024 + 1), 2);
  EXPECT_EQ(whole_megabytes(10240LL * 1024 * 1024), 10240);
}

TEST(IsoTime, HasMillisecondsAndIsUtc) {
  EXPECT_EQ(iso_time(WallTime(0s)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(iso_time(WallTime(1795499594123456789ns)), "2026-11-24T05:53:14.123Z");
  EXPECT_EQ(iso_time(WallTime(951782399999ms)), "2000-02-28T23:59:59.999Z");
}

TEST(TextLog, HasTheExactStartAndEndLines) {
  std::string lines;
  text_log::start(lines, k_id, "$LATEST");
  text_log::end(lines, k_id);
  EXPECT_EQ(lines,
            "START RequestId: 8476a536-e9f4-11e8-9739-2dfe598c3fcd Version: $LATEST\n"
            "END RequestId: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\n");
}

std::string report_of(const InvocationRecord& record) {
  std::string line;
  text_log::report(line, record);
  return line;
}

const std::string k_head = "REPORT RequestId: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\t";

TEST(TextLog, ReportsAWarmInvokeWithTabsAndATabAtTheEnd) {
  EXPECT_EQ(report_of(warm_record()),
            k_head +
                "Duration: 12.35 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\t"
                "Max Memory Used: 57 MB\t\n");
}

TEST(TextLog, PutsInitDurationBehindMaxMemoryUsed) {
  auto r = warm_record();
  r.init = ms(402.04);
  r.billed_ms = 415;
  EXPECT_EQ(report_of(r), k_head +
                              "Duration: 12.35 ms\tBilled Duration: 415 ms\tMemory Size: 128 MB\t"
                              "Max Memory Used: 57 MB\tInit Duration: 402.04 ms\t\n");
}

TEST(TextLog, MarksATimeout) {
  auto r = warm_record();
  r.duration = 1s;
  r.billed_ms = 1000;
  r.status = InvocationStatus::timeout;
  r.error_type = "Sandbox.Timedout";
  EXPECT_EQ(report_of(r),
            k_head +
                "Duration: 1000.00 ms\tBilled Duration: 1000 ms\tMemory Size: 128 MB\t"
                "Max Memory Used: 57 MB\tStatus: timeout\n");
}

TEST(TextLog, MarksAFailedProcessWithItsErrorType) {
  auto r = warm_record();
  r.error_type = "Runtime.ExitError";
  for (auto status :
       {InvocationStatus::exit, InvocationStatus::init_error, InvocationStatus::out_of_memory}) {
    r.status = status;
    EXPECT_TRUE(report_of(r).ends_with(
        "Max Memory Used: 57 MB\tStatus: error\tError Type: Runtime.ExitError\n"))
        << to_text(status);
  }
  r.status = InvocationStatus::exit;
  r.init = 80ms;
  EXPECT_TRUE(report_of(r).ends_with(
      "Init Duration: 80.00 ms\tStatus: error\tError Type: Runtime.ExitError\n"));
}

TEST(TextLog, DoesNotMarkAnOrdinaryHandlerError) {
  auto r = warm_record();
  r.status = InvocationStatus::function_error;
  r.error_type = "Runtime.Unknown";
  EXPECT_TRUE(report_of(r).ends_with("Max Memory Used: 57 MB\t\n"));
}

TEST(TextLog, LeavesOutMemoryThatWasNotMeasured) {
  auto r = warm_record();
  r.max_memory_used_bytes.reset();
  EXPECT_EQ(report_of(r),
            k_head + "Duration: 12.35 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\t\n");
}

TEST(TextLog, HasTheExactInitReportLines) {
  InitRecord r;
  r.duration = ms(9999.79);
  r.status = InitStatus::timeout;
  EXPECT_EQ(text_log::init_report(r),
            "INIT_REPORT Init Duration: 9999.79 ms\tPhase: init\tStatus: timeout\n");
  r.phase = InitPhase::invoke;
  r.status = InitStatus::error;
  r.error_type = "Runtime.ImportModuleError";
  r.duration = 151ms;
  EXPECT_EQ(text_log::init_report(r),
            "INIT_REPORT Init Duration: 151.00 ms\tPhase: invoke\tStatus: error\tError Type: "
            "Runtime.ImportModuleError\n");
}

TEST(InvocationStatusText, IsTheWordOfTheResultFiles) {
  EXPECT_STREQ(to_text(InvocationStatus::ok), "ok");
  EXPECT_STREQ(to_text(InvocationStatus::function_error), "function_error");
  EXPECT_STREQ(to_text(InvocationStatus::timeout), "timeout");
  EXPECT_STREQ(to_text(InvocationStatus::out_of_memory), "out_of_memory");
  EXPECT_STREQ(to_text(InvocationStatus::exit), "exit");
  EXPECT_STREQ(to_text(InvocationStatus::init_error), "init_error");
}

TEST(TextLog, HasALineForAnExtensionAndOneForASubscription) {
  EXPECT_EQ(text_log::extension({"agent", "Ready", {"INVOKE", "SHUTDOWN"}, ""}),
            "EXTENSION\tName: agent\tState: Ready\tEvents: [INVOKE,SHUTDOWN]\n");
  EXPECT_EQ(text_log::extension({"agent", "Exited", {}, "Extension.Crash"}),
            "EXTENSION\tName: agent\tState: Exited\tEvents: []\tError Type: Extension.Crash\n");
  EXPECT_EQ(text_log::subscription("agent", {"platform", "function"}, false),
            "TELEMETRY\tName: agent\tState: Subscribed\tTypes: [Platform, Function]\n");
  EXPECT_EQ(text_log::subscription("agent", {"extension"}, true),
            "LOGS\tName: agent\tState: Subscribed\tTypes: [Extension]\n");
}

}  // namespace
}  // namespace coldframe
