#include "emulator/base/fd_writer.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

namespace coldframe {
namespace {

constexpr std::size_t k_much = 64 * 1024;  // bytes; more waits for no pause

}  // namespace

FdWriter::FdWriter(Timers& timers, const Clock& clock, int fd)
    : timers_(timers), clock_(clock), fd_(fd) {
  struct stat info {};
  plain_file_ = ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
  if (::isatty(fd) == 0) return;
  // A terminal that is ready takes a few bytes, not PIPE_BUF, and would block for the rest: its own
  // open file may be non-blocking, the one that is shared may not.
  const std::string name = "/proc/self/fd/" + std::to_string(fd);
  own_.reset(::open(name.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (own_) fd_ = own_.get();
}

void FdWriter::write(std::string_view text) {
  if (is_broken_ || text.empty()) return;
  const bool much = pending_.size() <= k_much && pending_.size() + text.size() > k_much;
  pending_ += text;
  if (much) return flush_now();
  if (!timer_) set_timer(flushed_ + k_flush_pause);
}

void FdWriter::flush_due() {
  if (!pending_.empty() && clock_.now() - flushed_ >= k_flush_pause) flush_now();
}

void FdWriter::flush_now() {
  timers_.cancel(timer_);
  flushed_ = clock_.now();
  flush();
}

void FdWriter::retry_later() { set_timer(clock_.now() + k_flush_pause); }

void FdWriter::set_timer(TimePoint due) {
  timer_ = timers_.at(due, [this] {
    timer_ = {};
    flushed_ = clock_.now();
    flush();
  });
}

void FdWriter::flush() {
  while (sent_ < pending_.size() && !is_broken_) {
    if (!write_some()) {
      if (sent_ > 1024 * 1024) pending_.erase(0, std::exchange(sent_, 0));
      return retry_later();
    }
  }
  pending_.clear();
  sent_ = 0;
  if (pending_.capacity() > 256 * 1024) pending_.shrink_to_fit();
}

bool FdWriter::write_some() {
  std::size_t size = pending_.size() - sent_;
  if (!plain_file_) {
    pollfd poll_for{fd_, POLLOUT, 0};
    if (::poll(&poll_for, 1, 0) <= 0) return false;
    size = std::min<std::size_t>(size, PIPE_BUF);
  }
  const ssize_t wrote = ::write(fd_, pending_.data() + sent_, size);
  if (wrote >= 0) {
    sent_ += static_cast<std::size_t>(wrote);
  } else if (errno == EAGAIN) {
    return false;
  } else if (errno != EINTR) {
    is_broken_ = true;
    if (broken_) broken_(errno);
  }
  return true;
}

}  // namespace coldframe
