// Splits what a process writes into log events: plain output by lines, the framed descriptor
// (_LAMBDA_TELEMETRY_LOG_FD) by frames. Pure; bytes may come in any pieces.
//
// Frame (source: the official Python and Node clients, 2026-11): u32be type, u32be length, u64be
// microseconds, payload. type = 0xA55A0000 | level << 2 | 0x2 (timestamp present) | 1 (text).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace coldframe {

enum class LogLevel { undefined, trace, debug, info, warn, error, fatal };

struct LogEvent {
  LogLevel level = LogLevel::undefined;
  bool json = false;      // the writer says that the text is a JSON object
  std::string_view text;  // without the line end
};

class LineSplitter {
 public:
  using Emit = std::function<void(const LogEvent&)>;
  void feed(std::string_view bytes, const Emit& emit);
  // An unfinished line is an event too: at the end of the stream, and where an invoke ends.
  void finish(const Emit& emit);
  bool in_line() const { return !partial_.empty(); }

 private:
  static constexpr std::size_t k_longest_line = 256 * 1024;  // CloudWatch's largest event
  std::string partial_;
};

class FrameSplitter {
 public:
  using Emit = std::function<void(const LogEvent&)>;
  // Bytes that are no frame are given out as plain lines: nothing that was written is lost.
  void feed(std::string_view bytes, const Emit& emit);
  void finish(const Emit& emit);
  // Of what is no frame; a frame that is not whole yet is left to its end.
  void finish_line(const Emit& emit) { stray_.finish(emit); }
  bool in_line() const { return stray_.in_line(); }

 private:
  static constexpr std::size_t k_longest_frame = 16 * 1024 * 1024;
  std::string buffer_;
  LineSplitter stray_;
};

}  // namespace coldframe
