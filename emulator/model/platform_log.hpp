// The platform's own log lines from a record: START, END, REPORT, INIT_REPORT as text, and the
// platform.* events as JSON lines. Exact forms: AWS documentation and recorded streams, 2025–26.
#pragma once

#include <cstdint>
#include <string>

#include "emulator/model/function_config.hpp"
#include "emulator/model/invoke.hpp"
#include "emulator/model/record.hpp"

namespace coldframe {

// ceil(init + duration) in milliseconds, of the unrounded values; the function part is capped at
// the timeout. 8 629 real REPORT lines show that AWS never rounds before the ceiling.
std::int64_t billed_milliseconds(Duration init, Duration duration, Duration timeout);
// Bytes as the whole MB (MiB) that REPORT prints, rounded up.
std::int64_t whole_megabytes(std::int64_t bytes);

namespace text_log {
// Each appends its line to `out`.
void start(std::string& out, std::string_view request_id, std::string_view version);
void end(std::string& out, std::string_view request_id);
void report(std::string& out, const InvocationRecord& record);
std::string init_report(const InitRecord& record);
std::string extension(const ExtensionRecord& record);
// `types`: as "platform"; of the Telemetry API or, with `of_logs`, of the older one.
std::string subscription(const std::string& name, const std::vector<std::string>& types,
                         bool of_logs);
std::string launch_error(const FunctionConfig& config, const std::string& reason);
}  // namespace text_log

namespace json_log {
// Each returns one line with its line end, or nothing if the system level filters it out.
std::string init_start(const FunctionConfig& config, const InitRecord& record, Level level);
std::string init_runtime_done(const InitRecord& record, Level level);
std::string init_report(const InitRecord& record, Level level);
std::string extension(const ExtensionRecord& record, WallTime now, Level level);
std::string subscription(const std::string& name, const std::vector<std::string>& types,
                         bool of_logs, WallTime now, Level level);
// For a subscriber that does not keep up; no line end.
std::string logs_dropped(std::size_t bytes, std::size_t records, WallTime now);
// AWS has this as a text only; as an event it is called platform.fault here.
std::string launch_error(const FunctionConfig& config, const char* error_type,
                         const std::string& reason, WallTime now);
std::string start(const InvocationRecord& record, const FunctionConfig& config,
                  const InvokeRequest& request, Level level);
std::string runtime_done(const InvocationRecord& record, WallTime now, Level level);
std::string report(const InvocationRecord& record, WallTime now, Level level);
}  // namespace json_log

std::string iso_time(WallTime time);  // "2026-11-24T05:53:14.123Z"

}  // namespace coldframe
