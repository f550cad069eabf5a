// Writes text to a descriptor that is shared with others (stdout, stderr) without ever blocking the
// loop: what the reader does not take yet waits here, whole lines stay whole.
//
//   FdWriter err(io, STDERR_FILENO);
//   err.write("START RequestId: …\n");         // leaves with the next flush, soon
//   err.finish();                              // at the end: waits for the reader
//
// The descriptor is not made non-blocking (the shell shares it): readiness is asked for before each
// piece of at most PIPE_BUF bytes. I/O thread only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <string>
#include <string_view>

namespace coldframe {

class TextSink {
 public:
  virtual ~TextSink() = default;
  virtual void write(std::string_view text) = 0;
  // More waits than is reasonable: producers should pause until it has drained.
  virtual bool congested() const { return false; }
};

class FdWriter final : public TextSink {
 public:
  FdWriter(boost::asio::io_context& io, int fd);

  void write(std::string_view text) override;
  bool congested() const override { return pending_.size() > 4 * 1024 * 1024; }
  // Called once if the reader has gone (EPIPE) or the disk is full; later text is dropped.
  void on_broken(std::function<void(int error_number)> callback) { broken_ = std::move(callback); }
  bool broken() const { return is_broken_; }
  // Blocks until everything is out or the descriptor breaks.
  void finish();
  // Gives the loop's hold on the descriptor back.
  void shut_down();

 private:
  void flush();
  bool write_some();       // false: would block
  void wait_writable();

  boost::asio::io_context& io_;
  boost::asio::posix::stream_descriptor watch_;
  int fd_;
  bool plain_file_ = false;
  bool flush_posted_ = false;
  bool waiting_ = false;
  bool is_broken_ = false;
  std::string pending_;
  std::size_t sent_ = 0;
  std::function<void(int)> broken_;
};

}  // namespace coldframe
