#include "emulator/process/output_pump.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>

namespace coldframe {
namespace {

std::array<char, 64 * 1024>& scratch() {
  static std::array<char, 64 * 1024> buffer;
  return buffer;
}

}  // namespace

OutputPump::OutputPump(boost::asio::io_context& io, UniqueFd read_end, Splitter splitter,
                       std::function<bool()> congested, bool& cut_short, bool& in_line)
    : pipe_(io),
      timer_(io),
      splitter_(std::move(splitter)),
      congested_(std::move(congested)),
      cut_short_(cut_short),
      some_in_line_(in_line) {
  boost::system::error_code error;
  const int fd = read_end.release();
  pipe_.assign(fd, error);
  if (error) {
    ::close(fd);
    open_ = false;
  }
}

void OutputPump::wait() {
  if (!open_ || waiting_) return;
  waiting_ = true;
  if (congested_ && congested_()) return pause();
  pipe_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                   [self = shared_from_this()](const boost::system::error_code& error) {
                     self->waiting_ = false;
                     if (error || !self->open_) return;
                     // One bounded bite a turn, so that a chatty process cannot hold the loop.
                     self->read_some(256 * 1024);
                     self->wait();
                   });
}

void OutputPump::pause() {
  timer_.expires_after(std::chrono::milliseconds(10));
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    self->waiting_ = false;
    if (!error) self->wait();
  });
}

void OutputPump::split(std::string_view bytes, Until next) {
  in_line_ = splitter_(bytes, next);
  some_in_line_ = some_in_line_ || in_line_;
}

bool OutputPump::read_some(std::size_t budget) {
  while (open_ && budget > 0) {
    const ssize_t got = ::read(pipe_.native_handle(), scratch().data(), scratch().size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) {
      open_ = false;
      boost::system::error_code ignored;
      pipe_.close(ignored);
      split({}, Until::end);
      return false;
    }
    const auto size = static_cast<std::size_t>(got);
    split({scratch().data(), size}, Until::more);
    if (size < scratch().size()) return false;
    budget -= std::min(budget, size);
  }
  cut_short_ = cut_short_ || open_;
  return open_;
}

void OutputPump::drain() {
  // A pipe holds 64 KiB; more than a few of those means that the writer keeps up with us.
  if (open_) read_some(1024 * 1024);
}

void OutputPump::end_line() {
  if (!in_line_) return;
  drain();
  if (in_line_) split({}, Until::line_end);
}

void OutputPump::close() {
  if (!open_) return;
  drain();
  if (!open_) return;
  open_ = false;
  timer_.cancel();
  boost::system::error_code ignored;
  pipe_.close(ignored);
  split({}, Until::end);
}

}  // namespace coldframe
