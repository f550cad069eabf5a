// The function's own log would bury a table, so validate and bench keep it back unless -v is given.
// What a process printed before its init failed is remembered: nobody should have to run it again
// to see a traceback.
//
//   QuietLog quiet;                       // outlives the emulator that writes to it
//   options.log = &quiet; … emulator.add_record_sink(quiet);
//   for (const auto& line : quiet.last_words()) …
//
// Bounded: the last 20 lines and 4 KB. I/O thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/base/fd_writer.hpp"
#include "emulator/model/record.hpp"

namespace coldframe::cli {

class QuietLog final : public TextSink, public RecordSink {
 public:
  void write(std::string_view text) override;
  void on_init(const InitRecord& record) override;
  void on_invocation(const InvocationRecord& record) override;

  bool init_failed() const { return failed_.has_value(); }
  bool dropped_anything() const { return dropped_; }  // of the function's own
  // Of the latest process whose init failed, for a terminal: no control characters. The first line
  // says how many were before them, if any; empty: it printed nothing.
  std::vector<std::string> last_words() const;

 private:
  void keep(std::string_view line);

  struct Tail {
    std::string text;
    std::size_t lines_before = 0;  // left out
    std::size_t lines = 0;
  };
  Tail tail_;  // of the process that runs
  std::optional<Tail> failed_;
  bool dropped_ = false;
};

// Says on stderr what is worth knowing of a log that was kept back.
void tell(const QuietLog& log, bool ended_well);

}  // namespace coldframe::cli
