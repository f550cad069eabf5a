#include "emulator/sandbox/box_observer.hpp"

#include <fcntl.h>

#include <chrono>
#include <utility>

#include "emulator/base/assign_stream.hpp"
#include "emulator/sandbox/black_hole.hpp"

namespace coldframe {
namespace {

constexpr std::chrono::milliseconds k_pause{50};

}  // namespace

void BoxObserver::watch_hole(int tun) {
  UniqueFd copy(::fcntl(tun, F_DUPFD_CLOEXEC, 3));
  if (copy && assign_stream(hole_, std::move(copy)) == 0) await_packet();
}

void BoxObserver::await_packet() {
  if (!hole_.is_open()) return;
  hole_.async_wait(hole_.wait_read,
                   [self = shared_from_this()](const boost::system::error_code& error) {
                     if (!error) self->read_hole();
                   });
}

void BoxObserver::read_hole() {
  if (!hole_.is_open()) return;
  BlackHole::read_attempts(hole_.native_handle(), findings_->attempts);
  pause_.expires_after(k_pause);
  pause_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error) self->await_packet();
  });
}

void BoxObserver::watch_trace(UniqueFd listener) {
  forget_trace();
  trace_ = std::make_unique<DenyTrace>(std::move(listener));
  boost::system::error_code error;
  trace_stream_.assign(trace_->fd(), error);
  // Without a place in the loop nobody would look: then the calls fail, rather than wait for ever.
  if (error) return trace_.reset();
  await_call();
}

void BoxObserver::await_call() {
  trace_stream_.async_wait(trace_stream_.wait_read, [self = shared_from_this(), fd = trace_->fd()](
                                                        const boost::system::error_code& error) {
    if (error || !self->trace_ || self->trace_->fd() != fd) return;
    if (!self->trace_->serve(self->findings_->denied, std::chrono::milliseconds(0))) {
      return self->forget_trace();
    }
    self->await_call();
  });
}

void BoxObserver::forget_trace() {
  if (trace_stream_.is_open()) (void)trace_stream_.release();
  trace_.reset();
}

void BoxObserver::stop() {
  if (hole_.is_open()) BlackHole::read_attempts(hole_.native_handle(), findings_->attempts);
  boost::system::error_code ignored;
  hole_.close(ignored);
  pause_.cancel();
  forget_trace();
}

}  // namespace coldframe
