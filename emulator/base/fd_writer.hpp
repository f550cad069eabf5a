// Writes text to a descriptor that is shared with others (stdout, stderr) without ever blocking the
// loop: what the reader does not take yet waits here, whole lines stay whole.
//
//   FdWriter err(timers, clock, STDERR_FILENO);
//   err.write("START RequestId: …\n");
//   err.flush_now();                           // at the end; then run the loop until idle()
//
// A lone line leaves in the next turn; under load, lines leave together, at most k_flush_pause
// later.
// The descriptor is neither made non-blocking nor registered with the loop (the shell shares it,
// and a plain file cannot be): readiness is asked for before each piece of at most PIPE_BUF bytes,
// and a timer asks again. I/O thread only.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "emulator/base/clock.hpp"
#include "emulator/base/unique_fd.hpp"

namespace coldframe {

inline constexpr std::chrono::milliseconds k_flush_pause{2};

class TextSink {
 public:
  virtual ~TextSink() = default;
  virtual void write(std::string_view text) = 0;
  // More waits than is reasonable: producers should pause until it has drained.
  virtual bool congested() const { return false; }
};

class FdWriter final : public TextSink {
 public:
  FdWriter(Timers& timers, const Clock& clock, int fd);
  ~FdWriter() override { timers_.cancel(timer_); }

  void write(std::string_view text) override;
  bool congested() const override { return pending_.size() - sent_ > 4 * 1024 * 1024; }
  // Called once if the reader has gone (EPIPE) or the disk is full, also from inside write(); later
  // text is dropped.
  void on_broken(std::function<void(int error_number)> callback) { broken_ = std::move(callback); }
  bool broken() const { return is_broken_; }
  // Sends what waits, unless something was sent a moment ago; for who leaves the loop.
  void flush_due();
  // The same at once, timer or not.
  void flush_now();
  // Everything is with the kernel (or dropped, because the reader has gone).
  bool idle() const { return pending_.empty(); }

 private:
  void flush();
  void set_timer(TimePoint due);
  bool write_some();  // false: would block
  void retry_later();

  Timers& timers_;
  const Clock& clock_;
  int fd_;
  UniqueFd own_;
  TimerId timer_;
  TimePoint flushed_{};
  bool plain_file_ = false;
  bool is_broken_ = false;
  std::string pending_;
  std::size_t sent_ = 0;
  std::function<void(int)> broken_;
};

}  // namespace coldframe
