#include "emulator/model/platform_log.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "emulator/base/append.hpp"

namespace coldframe {
namespace {

using Json = nlohmann::ordered_json;

std::string line(WallTime time, const char* type, const Json& record) {
  return Json{{"time", iso_time(time)}, {"type", type}, {"record", record}}.dump(
             -1, ' ', false, Json::error_handler_t::replace) +
         "\n";
}

// Milliseconds truncated to microseconds, as AWS's telemetry has them.
double event_ms(Duration d) {
  return static_cast<double>(std::chrono::duration_cast<std::chrono::microseconds>(d).count()) /
         1e3;
}

const char* status_text(InitStatus status) {
  switch (status) {
    case InitStatus::success:
      return "success";
    case InitStatus::timeout:
      return "timeout";
    case InitStatus::error:
      return "error";
  }
  return "";
}

const char* status_text(InvocationStatus status) {
  if (status == InvocationStatus::ok) return "success";
  return status == InvocationStatus::timeout ? "timeout" : "error";
}

const char* initialization_type(const InitRecord& r) {
  return r.provisioned ? "provisioned-concurrency" : "on-demand";
}

const char* phase_text(InitPhase phase) { return phase == InitPhase::init ? "init" : "invoke"; }

// What the events of an init have in common.
Json init_event(const InitRecord& r) {
  Json record{{"initializationType", initialization_type(r)},
              {"phase", phase_text(r.phase)},
              {"status", status_text(r.status)}};
  if (!r.error_type.empty()) record["errorType"] = r.error_type;
  return record;
}

std::string join(const std::vector<std::string>& words) {
  std::string out;
  for (auto& word : words)
    out += (out.empty() ? "" : " ") + word;
  return out;
}

// Milliseconds with two decimals, rounded half up; once an invoke, so without a format string.
void append_ms(std::string& out, Duration d) {
  const std::int64_t hundredths = (d.count() + 5000) / 10000;
  append(out, hundredths / 100);
  const char fraction[] = {'.', static_cast<char>('0' + hundredths / 10 % 10),
                           static_cast<char>('0' + hundredths % 10)};
  append(out, {fraction, sizeof fraction});
}

// Status as REPORT prints it: nothing for an ordinary handler error, which AWS is not known to
// mark.
[[gnu::cold]] void append_status(std::string& out, const InvocationRecord& record) {
  switch (record.status) {
    case InvocationStatus::ok:
    case InvocationStatus::function_error:
      return;
    case InvocationStatus::timeout:
      return append(out, "Status: timeout");
    default:
      append(out, "Status: error\tError Type: ");
      append(out, record.error_type);
  }
}

}  // namespace

std::int64_t billed_milliseconds(Duration init, Duration duration, Duration timeout) {
  const auto whole =
      std::chrono::ceil<std::chrono::milliseconds>(init + std::min(duration, timeout));
  return whole.count();
}

std::int64_t whole_megabytes(std::int64_t bytes) { return (bytes + (1 << 20) - 1) >> 20; }

std::string iso_time(WallTime time) {
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
  const auto seconds = static_cast<std::time_t>(ms / 1000);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900,
                     utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, ms % 1000);
}

namespace text_log {

void start(std::string& out, std::string_view request_id, std::string_view version) {
  append(out, "START RequestId: ");
  append(out, request_id);
  append(out, " Version: ");
  append(out, version);
  append(out, "\n");
}

void end(std::string& out, std::string_view request_id) {
  append(out, "END RequestId: ");
  append(out, request_id);
  append(out, "\n");
}

void report(std::string& out, const InvocationRecord& r) {
  append(out, "REPORT RequestId: ");
  append(out, r.request_id);
  append(out, "\tDuration: ");
  append_ms(out, r.duration);
  append(out, " ms\tBilled Duration: ");
  append(out, r.billed_ms);
  append(out, " ms\tMemory Size: ");
  append(out, r.memory_size_mb);
  append(out, " MB\t");
  if (r.max_memory_used_bytes) {
    append(out, "Max Memory Used: ");
    append(out, whole_megabytes(*r.max_memory_used_bytes));
    append(out, " MB\t");
  }
  if (r.init) {
    append(out, "Init Duration: ");
    append_ms(out, *r.init);
    append(out, " ms\t");
  }
  if (r.status != InvocationStatus::ok) append_status(out, r);
  append(out, "\n");
}

std::string init_report(const InitRecord& r) {
  std::string out = "INIT_REPORT Init Duration: ";
  append_ms(out, r.duration);
  out += std::string(" ms\tPhase: ") + phase_text(r.phase) + "\tStatus: " + status_text(r.status);
  if (!r.error_type.empty()) out += "\tError Type: " + r.error_type;
  return out + "\n";
}

std::string extension(const ExtensionRecord& r) {
  std::string events;
  for (const auto& event : r.events)
    events += (events.empty() ? "" : ",") + event;
  std::string out =
      "EXTENSION\tName: " + r.name + "\tState: " + r.state + "\tEvents: [" + events + "]";
  if (!r.error_type.empty()) out += "\tError Type: " + r.error_type;
  return out + "\n";
}

std::string subscription(const std::string& name, const std::vector<std::string>& types,
                         bool of_logs) {
  std::string listed;
  for (std::string type : types) {
    if (!type.empty() && type[0] >= 'a' && type[0] <= 'z')
      type[0] = static_cast<char>(type[0] - 32);
    listed += (listed.empty() ? "" : ", ") + type;
  }
  return std::string(of_logs ? "LOGS" : "TELEMETRY") + "\tName: " + name +
         "\tState: Subscribed\tTypes: [" + listed + "]\n";
}

std::string launch_error(const FunctionConfig& config, const std::string& reason) {
  return "IMAGE\tLaunch error: " + reason + "\tEntrypoint: [" + join(config.entry_point) +
         "]\tCmd: [" + join(config.command) + "]\tWorkingDir: [" +
         config.working_directory.string() + "]\n";
}

}  // namespace text_log

namespace json_log {

std::string init_start(const FunctionConfig& config, const InitRecord& r, Level level) {
  if (level > Level::debug) return "";  // no runtimeVersion: DEBUG
  return line(r.started, "platform.initStart",
              {{"initializationType", initialization_type(r)},
               {"phase", phase_text(r.phase)},
               {"functionName", config.name},
               {"functionVersion", config.version}});
}

std::string init_runtime_done(const InitRecord& r, Level level) {
  const Level own = r.status == InitStatus::success ? Level::debug : Level::warn;
  if (own < level) return "";
  return line(r.started + r.duration, "platform.initRuntimeDone", init_event(r));
}

std::string init_report(const InitRecord& r, Level level) {
  Level own = r.provisioned ? Level::info : Level::debug;
  if (r.status != InitStatus::success) own = Level::warn;
  if (own < level) return "";
  Json record = init_event(r);
  record["metrics"] = {{"durationMs", event_ms(r.duration)}};
  return line(r.started + r.duration, "platform.initReport", record);
}

std::string extension(const ExtensionRecord& r, WallTime now, Level level) {
  if (Level::info < level) return "";
  Json record{{"name", r.name}, {"state", r.state}, {"events", r.events}};
  if (!r.error_type.empty()) record["errorType"] = r.error_type;
  return line(now, "platform.extension", record);
}

std::string subscription(const std::string& name, const std::vector<std::string>& types,
                         bool of_logs, WallTime now, Level level) {
  if (Level::info < level) return "";
  return line(now, of_logs ? "platform.logsSubscription" : "platform.telemetrySubscription",
              {{"name", name}, {"state", "Subscribed"}, {"types", types}});
}

std::string logs_dropped(std::size_t bytes, std::size_t records, WallTime now) {
  std::string text = line(now, "platform.logsDropped",
                          {{"droppedBytes", bytes},
                           {"droppedRecords", records},
                           {"reason",
                            "Consumer seems to have fallen behind as it has not "
                            "acknowledged receipt of logs."}});
  text.pop_back();
  return text;
}

std::string launch_error(const FunctionConfig& config, const char* error_type,
                         const std::string& reason, WallTime now) {
  if (Level::warn < config.system_level) return "";
  return line(now, "platform.fault",
              {{"errorType", error_type},
               {"errorMessage", "Launch error: " + reason},
               {"entryPoint", config.entry_point},
               {"command", config.command},
               {"workingDirectory", config.working_directory.string()}});
}

std::string start(const InvocationRecord& r, const FunctionConfig& config,
                  const InvokeRequest& request, Level level) {
  if (Level::info < level) return "";
  Json record{
      {"requestId", r.request_id}, {"functionArn", config.arn()}, {"version", config.version}};
  if (!request.tenant_id.empty()) record["tenantId"] = request.tenant_id;
  record["tracing"] = {{"type", "X-Amzn-Trace-Id"}, {"value", request.trace_id}};
  return line(r.started, "platform.start", record);
}

std::string runtime_done(const InvocationRecord& r, WallTime now, Level level) {
  const Level own = r.status == InvocationStatus::ok ? Level::debug : Level::warn;
  if (own < level) return "";
  Json record{{"requestId", r.request_id}, {"status", status_text(r.status)}};
  if (!r.error_type.empty()) record["errorType"] = r.error_type;
  record["metrics"] = {{"durationMs", event_ms(r.runtime.value_or(r.duration))},
                       {"producedBytes", r.produced_bytes}};
  return line(now, "platform.runtimeDone", record);
}

std::string report(const InvocationRecord& r, WallTime now, Level level) {
  const Level own = r.status == InvocationStatus::ok ? Level::info : Level::warn;
  if (own < level) return "";
  Json metrics{{"durationMs", event_ms(r.duration)},
               {"billedDurationMs", r.billed_ms},
               {"memorySizeMB", r.memory_size_mb}};
  if (r.max_memory_used_bytes) {
    metrics["maxMemoryUsedMB"] = whole_megabytes(*r.max_memory_used_bytes);
  }
  if (r.init) metrics["initDurationMs"] = event_ms(*r.init);
  Json record{{"requestId", r.request_id}, {"status", status_text(r.status)}, {"metrics", metrics}};
  if (r.runtime) {
    record["spans"] = Json::array({{{"name", "extensionOverhead"},
                                    {"start", iso_time(r.started + *r.runtime)},
                                    {"durationMs", event_ms(r.duration - *r.runtime)}}});
  }
  if (!r.error_type.empty()) record["errorType"] = r.error_type;
  return line(now, "platform.report", record);
}

}  // namespace json_log
}  // namespace coldframe
