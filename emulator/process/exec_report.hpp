// What a new child tells of its exec, through a pipe that the exec closes.
//
//   ExecReport report(io);
//   if (const int problem = report.assign(std::move(end)); problem != 0) …      // errno
//   report.wait(shared_from_this(), [this](const ExecNote& note) { … });        // it has failed
//   report.read();                                     // at the child's end: what came before it
//
// I/O thread only; no call blocks.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <string>

#include "emulator/base/unique_fd.hpp"
#include "emulator/process/runtime_process.hpp"
#include "emulator/process/spawn.hpp"

namespace coldframe {

class ExecReport {
 public:
  explicit ExecReport(boost::asio::io_context& io) : stream_(io) {}

  // Called once, when the child is about to exec or has ended before that.
  void on_begun(std::function<void()> begun) { on_begun_ = std::move(begun); }
  // The reading end, non-blocking. Returns 0 or errno; then it is closed.
  int assign(UniqueFd end);
  // `failed` is called once, if there is no exec, and not after close(). `owner` has this object
  // and whatever `failed` uses; it is kept while a callback may come.
  void wait(std::shared_ptr<void> owner, std::function<void(const ExecNote&)> failed);
  // What is there by now.
  void read();
  void close();
  bool failed() const { return failed_; }
  // Of memory, with which the fork began; bytes, 0: not known.
  std::int64_t inherited_peak() const { return inherited_peak_; }

 private:
  boost::asio::posix::stream_descriptor stream_;
  void tell_begun();
  std::function<void(const ExecNote&)> on_failed_;
  std::function<void()> on_begun_;
  bool failed_ = false;
  std::int64_t inherited_peak_ = 0;
};

// In the words of a launch failure. "fork/exec /x/bootstrap: no such file or directory", as AWS has
// it (Go's words).
LaunchFailure explain(const ExecNote& note, const ProcessSpec& spec);

// "No such file" → "no such file".
std::string lower_first(std::string text);

}  // namespace coldframe
