// Reads one pipe of a process and turns its bytes into log events. Private to this room's launcher.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>

#include "emulator/base/unique_fd.hpp"
#include "emulator/process/log_frames.hpp"

namespace coldframe {

class OutputPump : public std::enable_shared_from_this<OutputPump> {
 public:
  enum class Until { more, line_end, end };
  // Takes bytes and what comes behind them. Returns whether a line is unfinished.
  using Splitter = std::function<bool(std::string_view bytes, Until next)>;
  // `read_end` must be non-blocking. While `congested()`, nothing is read: the pipe fills, and the
  // writer waits as it would for any slow reader. `cut_short` becomes true when a turn stops before
  // the end of what was there, `in_line` when a line is left unfinished; both must outlive the
  // pump, and whoever drains all pumps, or ends their lines, clears them.
  OutputPump(boost::asio::io_context& io, UniqueFd read_end, Splitter splitter,
             std::function<bool()> congested, bool& cut_short, bool& in_line);

  void start() { wait(); }
  // Reads all there is without waiting.
  void drain();
  // What is unfinished is a line, unless its rest is there.
  void end_line();
  // Drains once more, ends an unfinished line and closes; writers that live on get SIGPIPE.
  void close();
  int fd() { return pipe_.native_handle(); }
  bool open() const { return open_; }

 private:
  void wait();
  void pause();
  bool read_some(std::size_t budget);  // false: nothing more for now, or the end
  void split(std::string_view bytes, Until next);

  boost::asio::posix::stream_descriptor pipe_;
  boost::asio::steady_timer timer_;
  Splitter splitter_;
  std::function<bool()> congested_;
  bool open_ = true;
  bool waiting_ = false;
  bool in_line_ = false;
  bool& cut_short_;
  bool& some_in_line_;  // of those that share it
};

}  // namespace coldframe
