// The platform's lines with LogFormat JSON: one telemetry event a line.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "emulator/model/platform_log.hpp"

namespace coldframe {
namespace {

using namespace std::chrono_literals;

const WallTime k_moment{1795499594123ms};

FunctionConfig function() {
  FunctionConfig config;
  config.name = "scoring";
  config.log_format = LogFormat::json;
  config.system_level = Level::debug;
  return config;
}

InvocationRecord record_of(InvocationStatus status) {
  InvocationRecord r;
  r.request_id = "r-1";
  r.status = status;
  r.started = k_moment;
  r.duration = 12'345'678ns;
  r.billed_ms = 415;
  r.memory_size_mb = 128;
  r.produced_bytes = 42;
  if (status != InvocationStatus::ok) r.error_type = "Runtime.ExitError";
  return r;
}

// One line, one object with exactly time, type and record; returns the record.
nlohmann::json parse(const std::string& text, const std::string& type,
                     const std::string& time = "2026-11-24T05:53:14.123Z") {
  EXPECT_TRUE(text.ends_with('\n'));
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json.size(), 3U);
  EXPECT_EQ(json.at("type"), type);
  EXPECT_EQ(json.at("time"), time);
  return json.at("record");
}

std::string start_line(const InvocationRecord& record, const std::string& trace_id,
                       Level level = Level::info, const std::string& tenant_id = "") {
  auto config = function();
  config.system_level = level;
  InvokeRequest request;
  request.trace_id = trace_id;
  request.tenant_id = tenant_id;
  return json_log::start(record, config, request, config.system_level);
}

TEST(JsonLog, PutsTimeFirstThenTypeThenRecord) {
  const auto text = start_line(record_of(InvocationStatus::ok), "Root=1-x");
  EXPECT_TRUE(text.starts_with(R"({"time":"2026-11-24T05:53:14.123Z","type":"platform.start",)"
                               R"("record":{"requestId":"r-1",)"))
      << text;
}

TEST(JsonLog, StartNamesRequestVersionArnAndTrace) {
  const auto record = parse(
      start_line(record_of(InvocationStatus::ok), "Root=1-a;Parent=b;Sampled=0"), "platform.start");
  EXPECT_EQ(record.at("requestId"), "r-1");
  EXPECT_EQ(record.at("version"), "$LATEST");
  EXPECT_EQ(record.at("functionArn"), "arn:aws:lambda:us-east-1:123456789012:function:scoring");
  EXPECT_EQ(record.at("tracing").at("type"), "X-Amzn-Trace-Id");
  EXPECT_EQ(record.at("tracing").at("value"), "Root=1-a;Parent=b;Sampled=0");
  EXPECT_EQ(record.count("tenantId"), 0U);
}

TEST(JsonLog, StartNamesTheTenantIfThereIsOne) {
  const auto record =
      parse(start_line(record_of(InvocationStatus::ok), "Root=1-a", Level::info, "blue"),
            "platform.start");
  EXPECT_EQ(record.at("tenantId"), "blue");
}

TEST(JsonLog, ReportHasTheMetricsOfTheTextLine) {
  auto r = record_of(InvocationStatus::ok);
  r.init = 402'040us;
  r.max_memory_used_bytes = 57 * 1024 * 1024;
  const auto record = parse(json_log::report(r, k_moment, Level::info), "platform.report");
  EXPECT_EQ(record.at("status"), "success");
  EXPECT_EQ(record.count("errorType"), 0U);
  const auto& metrics = record.at("metrics");
  EXPECT_DOUBLE_EQ(metrics.at("durationMs").get<double>(), 12.345);
  EXPECT_EQ(metrics.at("billedDurationMs"), 415);
  EXPECT_EQ(metrics.at("memorySizeMB"), 128);
  EXPECT_EQ(metrics.at("maxMemoryUsedMB"), 57);
  EXPECT_DOUBLE_EQ(metrics.at("initDurationMs").get<double>(), 402.04);
}

TEST(JsonLog, ReportLeavesOutWhatIsNotKnown) {
  const auto record = parse(
      json_log::report(record_of(InvocationStatus::ok), k_moment, Level::info), "platform.report");
  EXPECT_EQ(record.at("metrics").count("maxMemoryUsedMB"), 0U);
  EXPECT_EQ(record.at("metrics").count("initDurationMs"), 0U);
}

TEST(JsonLog, StatusesAreThoseOfTelemetry) {
  const std::pair<InvocationStatus, const char*> words[] = {
      {InvocationStatus::ok, "success"},       {InvocationStatus::function_error, "error"},
      {InvocationStatus::timeout, "timeout"},  {InvocationStatus::exit, "error"},
      {InvocationStatus::init_error, "error"}, {InvocationStatus::out_of_memory, "error"}};
  for (auto& [status, word] : words) {
    const auto r = record_of(status);
    const auto report = parse(json_log::report(r, k_moment, Level::info), "platform.report");
    EXPECT_EQ(report.at("status"), word);
    EXPECT_EQ(report.count("errorType"), status == InvocationStatus::ok ? 0U : 1U);
    const auto done =
        parse(json_log::runtime_done(r, k_moment, Level::debug), "platform.runtimeDone");
    EXPECT_EQ(done.at("status"), word);
    EXPECT_EQ(done.at("metrics").at("producedBytes"), 42);
    EXPECT_DOUBLE_EQ(done.at("metrics").at("durationMs").get<double>(), 12.345);
  }
}

TEST(JsonLog, InitStartAndInitReportNameThePhase) {
  InitRecord r;
  r.started = k_moment;
  r.duration = 877ms;
  const auto start =
      parse(json_log::init_start(function(), r, function().system_level), "platform.initStart");
  EXPECT_EQ(start.at("initializationType"), "on-demand");
  EXPECT_EQ(start.at("phase"), "init");
  EXPECT_EQ(start.at("functionName"), "scoring");
  EXPECT_EQ(start.at("functionVersion"), "$LATEST");
  r.phase = InitPhase::invoke;
  r.status = InitStatus::error;
  r.error_type = "Runtime.ExitError";
  const auto report = parse(json_log::init_report(r, Level::info), "platform.initReport",
                            "2026-11-24T05:53:15.000Z");
  EXPECT_EQ(report.at("phase"), "invoke");
  EXPECT_EQ(report.at("status"), "error");
  EXPECT_EQ(report.at("errorType"), "Runtime.ExitError");
  EXPECT_DOUBLE_EQ(report.at("metrics").at("durationMs").get<double>(), 877);
  const auto done = parse(json_log::init_runtime_done(r, Level::info), "platform.initRuntimeDone",
                          "2026-11-24T05:53:15.000Z");
  EXPECT_EQ(done, (nlohmann::json{{"initializationType", "on-demand"},
                                  {"phase", "invoke"},
                                  {"status", "error"},
                                  {"errorType", "Runtime.ExitError"}}));
}

TEST(JsonLog, ALaunchErrorIsAnEventOfTheSameFactsAsTheTextLine) {
  auto config = function();
  config.entry_point = {"/no/such", "-x"};
  config.command = {"app.handler"};
  config.working_directory = "/srv/f";
  const auto text = json_log::launch_error(config, "Runtime.InvalidEntrypoint",
                                           "fork/exec /no/such: no such file", k_moment);
  EXPECT_EQ(parse(text, "platform.fault"),
            (nlohmann::json{{"errorType", "Runtime.InvalidEntrypoint"},
                            {"errorMessage", "Launch error: fork/exec /no/such: no such file"},
                            {"entryPoint", {"/no/such", "-x"}},
                            {"command", {"app.handler"}},
                            {"workingDirectory", "/srv/f"}}));
}

// Lowest to highest system level; each event appears up to its own level and not above.
void expect_level(const std::function<std::string(Level)>& line, Level own, const char* what) {
  for (Level level :
       {Level::trace, Level::debug, Level::info, Level::warn, Level::error, Level::fatal}) {
    EXPECT_EQ(line(level).empty(), own < level) << what << " at " << static_cast<int>(level);
  }
}

TEST(JsonLog, AppearsAccordingToTheSystemLevel) {
  const auto ok = record_of(InvocationStatus::ok);
  const auto failed = record_of(InvocationStatus::exit);
  expect_level([&](Level l) { return start_line(ok, "", l); }, Level::info, "start");
  expect_level([&](Level l) { return json_log::report(ok, k_moment, l); }, Level::info, "report");
  expect_level([&](Level l) { return json_log::report(failed, k_moment, l); }, Level::warn,
               "failed report");
  expect_level([&](Level l) { return json_log::runtime_done(ok, k_moment, l); }, Level::debug,
               "done");
  expect_level([&](Level l) { return json_log::runtime_done(failed, k_moment, l); }, Level::warn,
               "failed done");
  InitRecord init;
  expect_level([&](Level l) { return json_log::init_report(init, l); }, Level::debug,
               "init report");
  expect_level([&](Level l) { return json_log::init_runtime_done(init, l); }, Level::debug,
               "init done");
  init.provisioned = true;
  expect_level([&](Level l) { return json_log::init_report(init, l); }, Level::info,
               "provisioned init report");
  expect_level([&](Level l) { return json_log::init_runtime_done(init, l); }, Level::debug,
               "provisioned init done");
  init.status = InitStatus::timeout;
  expect_level([&](Level l) { return json_log::init_runtime_done(init, l); }, Level::warn,
               "failed init done");
  expect_level([&](Level l) { return json_log::init_report(init, l); }, Level::warn,
               "failed init report");
  expect_level(
      [&](Level l) {
        auto config = function();
        config.system_level = l;
        return json_log::init_start(config, init, config.system_level);
      },
      Level::debug, "init start");
  expect_level(
      [&](Level l) {
        auto config = function();
        config.system_level = l;
        return json_log::launch_error(config, "Runtime.InvalidEntrypoint", "", k_moment);
      },
      Level::warn, "launch error");
}

TEST(JsonLog, SurvivesTextsThatAreNotUtf8) {
  auto r = record_of(InvocationStatus::exit);
  r.error_type = "Runtime.\xff\n";
  EXPECT_NO_THROW(parse(json_log::report(r, k_moment, Level::info), "platform.report"));
  EXPECT_NO_THROW(parse(start_line(r, "\xff"), "platform.start"));
}

TEST(JsonLog, TellsHowAnExtensionCameOutAndWhatItAskedFor) {
  const ExtensionRecord record{"agent", "Exited", {"INVOKE"}, "Extension.Crash"};
  EXPECT_EQ(parse(json_log::extension(record, k_moment, Level::info), "platform.extension"),
            nlohmann::json({{"name", "agent"},
                            {"state", "Exited"},
                            {"events", {"INVOKE"}},
                            {"errorType", "Extension.Crash"}}));
  EXPECT_EQ(parse(json_log::subscription("agent", {"platform"}, false, k_moment, Level::info),
                  "platform.telemetrySubscription"),
            nlohmann::json({{"name", "agent"}, {"state", "Subscribed"}, {"types", {"platform"}}}));
  EXPECT_EQ(json_log::extension(record, k_moment, Level::warn), "");
}

TEST(JsonLog, TellsTheTimeOfTheRuntimeAndWhatExtensionsAddedApart) {
  auto r = record_of(InvocationStatus::ok);
  r.duration = std::chrono::milliseconds(90);
  r.runtime = std::chrono::milliseconds(20);
  const auto done =
      parse(json_log::runtime_done(r, k_moment, Level::trace), "platform.runtimeDone");
  EXPECT_EQ(done["metrics"]["durationMs"], 20.0);
  const auto report = parse(json_log::report(r, k_moment, Level::info), "platform.report");
  EXPECT_EQ(report["metrics"]["durationMs"], 90.0);
  EXPECT_EQ(report["spans"][0]["name"], "extensionOverhead");
  EXPECT_EQ(report["spans"][0]["durationMs"], 70.0);
}

}  // namespace
}  // namespace coldframe
