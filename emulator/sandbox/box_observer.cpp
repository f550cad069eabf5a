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

struct BoxObserver::Trace {
  Trace(boost::asio::io_context& io, UniqueFd listener) : calls(std::move(listener)), stream(io) {}
  DenyTrace calls;
  boost::asio::posix::stream_descriptor stream;  // of its descriptor, not owned
  bool over = false;
};

void BoxObserver::watch_trace(UniqueFd listener) {
  auto trace = std::make_shared<Trace>(io_, std::move(listener));
  boost::system::error_code error;
  trace->stream.assign(trace->calls.fd(), error);
  // Without a place in the loop nobody would look: then the calls fail, rather than wait for ever.
  if (error) return;
  traces_.push_back(trace);
  await_call(trace);
}

void BoxObserver::await_call(const std::shared_ptr<Trace>& trace) {
  trace->stream.async_wait(trace->stream.wait_read, [self = shared_from_this(), trace](
                                                        const boost::system::error_code& error) {
    if (error || trace->over) return;
    if (!trace->calls.serve(self->findings_->denied, std::chrono::milliseconds(0))) {
      self->forget(*trace);
      std::erase(self->traces_, trace);
      return;
    }
    self->await_call(trace);
  });
}

void BoxObserver::forget(Trace& trace) {
  trace.over = true;
  if (trace.stream.is_open()) (void)trace.stream.release();
}

void BoxObserver::forget_traces() {
  for (const auto& trace : traces_)
    forget(*trace);
  traces_.clear();
}

void BoxObserver::stop() {
  if (hole_.is_open()) BlackHole::read_attempts(hole_.native_handle(), findings_->attempts);
  boost::system::error_code ignored;
  hole_.close(ignored);
  pause_.cancel();
  forget_traces();
}

}  // namespace coldframe
