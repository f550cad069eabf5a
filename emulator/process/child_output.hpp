// What a child prints: the pipes of its stdout, stderr and log descriptor, and the log events in
// them.
//
//   ChildOutput output(io, log, [](const LogEvent& event) { … });
//   auto ends = output.open();                // the child's ends, for spawn()
//   output.start();                           // reads from now on
//   output.drain();                           // all that is there, now
//   output.close();
//
// I/O thread only. `log` congested: nothing is read, and the child waits when its pipe is full.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "emulator/base/error.hpp"
#include "emulator/base/fd_writer.hpp"
#include "emulator/base/unique_fd.hpp"
#include "emulator/process/log_frames.hpp"
#include "emulator/process/output_pump.hpp"

namespace coldframe {

class ChildOutput {
 public:
  struct Ends {
    UniqueFd out, err, log;
  };

  ChildOutput(boost::asio::io_context& io, TextSink& log, LineSplitter::Emit emit)
      : io_(io), log_(log), emit_(std::move(emit)) {}
  ChildOutput(const ChildOutput&) = delete;
  ChildOutput& operator=(const ChildOutput&) = delete;
  ~ChildOutput() { close(); }

  // Error: no descriptors (host_error).
  Result<Ends> open();
  void start();
  void drain();
  // What a bite that was cut short has left; nothing else.
  void drain_leftover();
  // Ends the lines that are begun.
  void end_lines();
  // Drains, ends lines; whoever prints from now on gets SIGPIPE. Nothing is emitted afterwards.
  void close();

 private:
  std::shared_ptr<OutputPump> pump(UniqueFd read_end, OutputPump::Splitter splitter);
  OutputPump::Splitter lines() const;
  OutputPump::Splitter frames() const;

  boost::asio::io_context& io_;
  TextSink& log_;
  LineSplitter::Emit emit_;
  std::vector<std::shared_ptr<OutputPump>> pumps_;
  bool cut_short_ = false;  // a pump stopped before the end of what was there
  bool in_line_ = false;    // one has perhaps a line unfinished
};

}  // namespace coldframe
