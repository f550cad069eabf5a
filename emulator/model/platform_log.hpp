// The platform's own log lines from a record: START, END, REPORT, INIT_REPORT as text, and the
// platform.* events as JSON lines. Exact forms: AWS documentation and recorded streams, 2025–26.
#pragma once

#include <cstdint>
#include <string>

#include "emulator/model/function_config.hpp"
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
}  // namespace text_log

namespace json_log {
// Each returns one line with its line end, or nothing if `level` filters it out.
std::string init_start(const FunctionConfig& config, const InitRecord& record);
std::string init_report(const InitRecord& record, Level level);
std::string start(const InvocationRecord& record, const FunctionConfig& config,
                  const std::string& trace_id, Level level);
std::string runtime_done(const InvocationRecord& record, WallTime now, Level level);
std::string report(const InvocationRecord& record, WallTime now, Level level);
}  // namespace json_log

std::string iso_time(WallTime time);  // "2026-11-24T05:53:14.123Z"

}  // namespace coldframe
