#include "emulator/base/fd_writer.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <climits>

namespace coldframe {

FdWriter::FdWriter(boost::asio::io_context& io, int fd) : io_(io), watch_(io), fd_(fd) {
  struct stat info {};
  plain_file_ = ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

void FdWriter::write(std::string_view text) {
  if (is_broken_) return;
  pending_ += text;
  if (flush_posted_ || waiting_) return;
  flush_posted_ = true;
  boost::asio::post(io_, [this] {
    flush_posted_ = false;
    flush();
  });
}

void FdWriter::flush() {
  while (sent_ < pending_.size() && !is_broken_) {
    if (!write_some()) {
      wait_writable();
      return;
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
    if (::poll(&poll_for, 1, 0) == 0) return false;
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

void FdWriter::wait_writable() {
  if (waiting_) return;
  if (!watch_.is_open()) {
    boost::system::error_code error;
    const int copy = ::fcntl(fd_, F_DUPFD_CLOEXEC, 3);
    if (copy >= 0) watch_.assign(copy, error);
    if (copy < 0 || error) return;  // the next write() tries again
  }
  waiting_ = true;
  watch_.async_wait(boost::asio::posix::stream_descriptor::wait_write,
                    [this](const boost::system::error_code& error) {
                      waiting_ = false;
                      if (!error) flush();
                    });
}

void FdWriter::finish() {
  while (sent_ < pending_.size() && !is_broken_) {
    if (!write_some()) {
      pollfd poll_for{fd_, POLLOUT, 0};
      ::poll(&poll_for, 1, -1);
    }
  }
  pending_.clear();
  sent_ = 0;
}

void FdWriter::shut_down() {
  boost::system::error_code ignored;
  watch_.close(ignored);
}

}  // namespace coldframe
