#include "emulator/telemetry/telemetry_sender.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "emulator/model/platform_log.hpp"

namespace coldframe {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds k_first_pause{50};  // before it is tried again; then longer
constexpr std::chrono::milliseconds k_longest_pause{2000};
constexpr std::size_t k_most_of_reply = 64 * 1024;

std::string http_delivery(const TelemetrySubscription& to, const std::vector<std::string>& events) {
  std::size_t size = 2;
  for (const auto& event : events)
    size += event.size() + 1;
  std::string body;
  body.reserve(size);
  for (const auto& event : events)
    body += (body.empty() ? "[" : ",") + event;
  body += "]";
  return to.method + " " + to.path + " HTTP/1.1\r\nHost: " + to.host +
         "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nConnection: close\r\n\r\n" + body;
}

std::string lines(const std::vector<std::string>& events) {
  std::string out;
  for (const auto& event : events)
    out += event + "\n";
  return out;
}

// "HTTP/1.1 200 OK"
bool is_success(const std::string& reply) {
  return reply.starts_with("HTTP/1.") && reply.size() > 9 && reply[9] == '2';
}

}  // namespace

TelemetrySender::TelemetrySender(asio::io_context& io, const Clock& clock, Timers& timers,
                                 OpenSocket open, TelemetrySubscription subscription)
    : io_(io),
      clock_(clock),
      timers_(timers),
      open_(std::move(open)),
      subscription_(std::move(subscription)),
      buffer_(subscription_),
      socket_(io) {
  due_.emplace(timers, [this] { look(); });
}

// Wraps what goes on after an operation of the socket: not if it has been closed meanwhile.
template <typename Next>
auto TelemetrySender::then(Next next) {
  return [self = shared_from_this(), next](const boost::system::error_code& error, auto...) {
    if (self->closed_) return;
    error ? self->failed() : next(*self);
  };
}

void TelemetrySender::push(std::string event) {
  if (closed_) return;
  buffer_.push(std::move(event), clock_.now());
  look();
}

void TelemetrySender::flush() {
  flushing_ = true;
  look();
}

void TelemetrySender::look() {
  if (closed_ || sending_) return;
  if (buffer_.empty()) {
    flushing_ = false;
    return;
  }
  if (flushing_ || buffer_.is_due(clock_.now())) return begin();
  due_->set(*buffer_.due_at());
}

void TelemetrySender::begin() {
  sending_ = true;
  tries_ = 0;
  auto events = buffer_.take();
  if (buffer_.has_dropped()) {
    const TelemetryDropped dropped = buffer_.take_dropped();
    if (subscription_.platform) {
      events.push_back(json_log::logs_dropped(dropped.bytes, dropped.records, clock_.wall_now()));
    }
  }
  out_ = subscription_.protocol == TelemetrySubscription::Protocol::http
             ? http_delivery(subscription_, events)
             : lines(events);
  try_it();
}

void TelemetrySender::try_it() {
  if (socket_.is_open()) return write();
  open_([weak = weak_from_this()](Result<UniqueFd> fd) {
    const auto self = weak.lock();
    if (!self || self->closed_) return;
    fd ? self->on_socket(std::move(*fd)) : self->failed();
  });
}

void TelemetrySender::on_socket(UniqueFd fd) {
  boost::system::error_code error;
  socket_.assign(asio::ip::tcp::v4(), fd.get(), error);
  if (error) return failed();
  (void)fd.release();
  const asio::ip::tcp::endpoint place(asio::ip::address_v4::loopback(), subscription_.port);
  socket_.async_connect(place, then([](TelemetrySender& self) { self.write(); }));
}

void TelemetrySender::write() {
  const bool http = subscription_.protocol == TelemetrySubscription::Protocol::http;
  asio::async_write(socket_, asio::buffer(out_), then([http](TelemetrySender& self) {
                      http ? self.read_reply() : self.delivered();
                    }));
}

void TelemetrySender::read_reply() {
  in_.clear();
  asio::async_read_until(
      socket_, asio::dynamic_buffer(in_, k_most_of_reply), "\r\n\r\n",
      then([](TelemetrySender& self) { is_success(self.in_) ? self.delivered() : self.failed(); }));
}

void TelemetrySender::delivered() {
  if (subscription_.protocol == TelemetrySubscription::Protocol::http) {
    boost::system::error_code ignored;
    socket_.close(ignored);
  }
  out_.clear();
  sending_ = false;
  look();
}

void TelemetrySender::failed() {
  boost::system::error_code ignored;
  socket_.close(ignored);
  const auto pause =
      std::min<Duration>(k_first_pause * (1 << std::min(tries_, 10)), k_longest_pause);
  ++tries_;
  retry_ = timers_.at(clock_.now() + pause, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && !self->closed_) self->try_it();
  });
}

void TelemetrySender::close() {
  closed_ = true;
  due_.reset();
  timers_.cancel(retry_);
  boost::system::error_code ignored;
  socket_.close(ignored);
}

}  // namespace coldframe
