#include "emulator/net/connection.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "emulator/base/append.hpp"

namespace coldframe::http {
namespace {

constexpr std::size_t k_spare_exchanges = 16;

// What the connections of one I/O thread share: nothing stays in it between two events, and memory
// that was used a moment ago is still in the cache, whichever connection it was used for. Scratch
// belongs to the read_available() that fills it until that returns.
struct Shared {
  ~Shared();
  std::vector<char> scratch = std::vector<char>(256 * 1024);
  std::string head;  // of a reply
  std::vector<std::unique_ptr<Exchange>> exchanges;
};

thread_local bool shared_is_gone = false;
Shared::~Shared() { shared_is_gone = true; }

Shared& shared() {
  thread_local Shared shared;
  return shared;
}

std::vector<char>& scratch() { return shared().scratch; }

}  // namespace

void Exchange::recycle(Exchange* exchange) noexcept {
  std::unique_ptr<Exchange> owned(exchange);
  if (shared_is_gone || shared().exchanges.size() >= k_spare_exchanges) return;
  exchange->renew();
  shared().exchanges.push_back(std::move(owned));
}

void Exchange::renew() {
  request.clear();
  connection_.reset();
  body_state = BodyState::complete;
  body_limit = 0;
  note.reset();
  replied_ = false;
}

void Exchange::reply(Response response) {
  if (replied_) return;
  replied_ = true;
  if (auto connection = connection_.lock()) connection->send(*this, std::move(response));
}

Connection::Connection(HttpServer& server, int fd)
    : server_(server), socket_(server.io_), parser_(server.limits_.header_limit) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  boost::system::error_code error;
  socket_.assign(
      address.ss_family == AF_INET6 ? boost::asio::ip::tcp::v6() : boost::asio::ip::tcp::v4(), fd,
      error);
  if (error) {
    ::close(fd);
    return;
  }
  int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // Some hosts default to BBR, whose pacing halves the speed of large bodies on loopback.
  ::setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
}

void Connection::wait_readable() {
  if (waiting_readable_ || closed_ || end_of_input_ || reading_paused()) return;
  waiting_readable_ = true;
  // Readiness, not async_receive(): that one may read at once and tell later, and drain() would
  // then read what comes after it first.
  socket_.async_wait(Socket::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       self->waiting_readable_ = false;
                       if (!error) self->read_available();
                     });
}

void Connection::read_available(std::size_t budget) {
  auto keep = shared_from_this();
  while (budget > 0 && !closed_ && !end_of_input_ && !reading_paused()) {
    auto [space, room] = parser_.direct_space();
    const bool direct = room > 0 && exchange_ && !input_done_;
    char* at = direct ? space : scratch().data();
    const std::size_t size = direct ? room : scratch().size();
    const ssize_t got = ::recv(socket_.native_handle(), at, size, MSG_DONTWAIT);
    if (direct) parser_.commit(got > 0 ? static_cast<std::size_t>(got) : 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    if (got <= 0) return on_end_of_input(got < 0);
    if (direct) {
      continue_input();
    } else {
      consume({at, static_cast<std::size_t>(got)});
    }
    budget -= std::min(budget, static_cast<std::size_t>(got));
    // Less than was asked for is all there is, but for a drain, whose reading makes room for more.
    if (static_cast<std::size_t>(got) < size && budget <= k_turn_bytes) break;
  }
  wait_readable();
}

// Unfinished heads are bounded for all connections of a server together: each alone may be large.
bool Connection::account() {
  const std::size_t now = closed_ ? 0 : parser_.unfinished();
  server_.unfinished_ += now - accounted_;  // modulo 2^64
  accounted_ = now;
  if (server_.unfinished_ <= server_.limits_.unfinished_limit || now == 0) return true;
  fail(431);
  return false;
}

void Connection::consume(std::string_view bytes) {
  while (!bytes.empty() && !closed_) {
    if (input_done_) {
      backlog_.append(bytes);
      return;
    }
    if (!exchange_ && !incoming_) {
      incoming_ = new_exchange();
      parser_.into(incoming_->request);
    }
    const std::size_t taken = parser_.feed(bytes);
    bytes.remove_prefix(taken);
    if (parser_.unfinished() != accounted_ && !account()) return;
    continue_input();
    if (taken == 0 && !input_done_ && parser_.state() != RequestParser::State::body) return;
  }
}

// Acts on what the parser has reached.
void Connection::continue_input() {
  if (parser_.state() == RequestParser::State::head_done) {
    on_head();
    if (closed_) return;
    parser_.feed({});
  }
  if (closed_) return;
  switch (parser_.state()) {
    case RequestParser::State::failed:
      fail(parser_.failure_status());
      return;
    case RequestParser::State::body:
      if (parser_.body_too_large() && !handed_over_) {
        if (parser_.remaining() > k_drain_limit) draining_forever_ = true;
        finish_request(BodyState::too_large);
      } else if (parser_.dropped() > k_drain_limit && !draining_forever_) {
        draining_forever_ = close_after_reply_ = true;
        if (ready_to_send()) flush();
      }
      return;
    case RequestParser::State::done:
      input_done_ = true;
      if (!handed_over_) {
        finish_request(parser_.body_too_large() ? BodyState::too_large : BodyState::complete);
      } else if (ready_to_send()) {
        flush();
      }
      return;
    default:
      return;
  }
}

ExchangePtr Connection::new_exchange() {
  auto& spares = shared().exchanges;
  if (spares.empty()) spares.push_back(std::make_unique<Exchange>());
  const ExchangePtr exchange(spares.back().release());
  spares.pop_back();
  exchange->connection_ = weak_from_this();
  return exchange;
}

void Connection::on_head() {
  exchange_ = std::move(incoming_);
  handed_over_ = reply_ready_ = false;
  server_.handler_.on_head(*exchange_);
  if (closed_) return;
  parser_.body_limit(exchange_->body_limit);
  if (iequals(exchange_->request.headers.find("Expect"), "100-continue")) {
    static constexpr std::string_view k_continue = "HTTP/1.1 100 Continue\r\n\r\n";
    [[maybe_unused]] auto sent = ::send(socket_.native_handle(), k_continue.data(),
                                        k_continue.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
}

void Connection::finish_request(BodyState state) {
  handed_over_ = true;
  exchange_->body_state = state;
  close_after_reply_ = finishing_ || !exchange_->request.keep_alive ||
                       state == BodyState::truncated || draining_forever_;
  auto exchange = exchange_;
  server_.handler_.on_request(exchange);
}

// Nothing more will come for the request that is being read.
void Connection::end_request() {
  if (!exchange_) {
    close();
  } else if (!handed_over_) {
    input_done_ = true;
    finish_request(BodyState::truncated);
  } else if (!input_done_) {
    input_done_ = true;
    close_after_reply_ = true;
    if (ready_to_send()) flush();
  }
}

void Connection::on_end_of_input(bool error) {
  end_of_input_ = true;
  if (!exchange_ || !input_done_) {
    end_request();
  } else if (!exchange_->replied()) {
    if (error || server_.limits_.half_close_is_gone) {
      auto exchange = exchange_;
      exchange->replied_ = true;  // nobody is there to read it
      server_.handler_.on_peer_gone(*exchange);
      close();
    }
    return;
  }
  if (error) close();
}

void Connection::send(Exchange& exchange, Response&& response) {
  if (closed_ || exchange_.get() != &exchange) return;
  out_head_.swap(shared().head);
  out_head_.clear();
  append(out_head_, "HTTP/1.1 ");
  append(out_head_, response.status);
  append(out_head_, " ");
  append(out_head_, reason_phrase(response.status));
  append(out_head_, "\r\n");
  append(out_head_, response.fields);
  const std::size_t size = response.body().size();
  const bool no_body = response.status == 204 || response.status < 200;
  if (!no_body) {
    append(out_head_, "Content-Length: ");
    append(out_head_, static_cast<std::int64_t>(size));
    append(out_head_, "\r\n");
  }
  if (response.close) close_after_reply_ = true;
  if (close_after_reply_) {
    append(out_head_, "Connection: close\r\n");
  } else if (response.announce_keep_alive) {
    append(out_head_, "Connection: keep-alive\r\n");
  }
  append(out_head_, "\r\n");
  out_shared_ = std::move(response.shared);
  out_text_ = std::move(response.text);
  if (no_body || exchange.request.method == Method::head) {
    out_shared_.reset();
    out_text_.clear();
  }
  if (!out_shared_ && out_text_.size() <= 4096) {
    append(out_head_, out_text_);
    out_text_.clear();
  }
  out_sent_ = 0;
  reply_ready_ = true;
  if (ready_to_send()) flush();
}

void Connection::flush() {
  writing_ = false;
  const std::string_view body =
      out_shared_ ? std::string_view(*out_shared_) : std::string_view(out_text_);
  const std::size_t total = out_head_.size() + body.size();
  while (out_sent_ < total) {
    iovec parts[2];
    int count = 0;
    if (out_sent_ < out_head_.size()) {
      parts[count++] = {out_head_.data() + out_sent_, out_head_.size() - out_sent_};
    }
    const std::size_t body_at = out_sent_ > out_head_.size() ? out_sent_ - out_head_.size() : 0;
    if (body_at < body.size()) {
      parts[count++] = {const_cast<char*>(body.data()) + body_at, body.size() - body_at};
    }
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = static_cast<std::size_t>(count);
    const ssize_t sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      out_sent_ += static_cast<std::size_t>(sent);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      wait_writable();
      return;
    } else if (errno != EINTR) {
      close();
      return;
    }
  }
  finish_reply();
}

void Connection::wait_writable() {
  writing_ = true;
  socket_.async_wait(Socket::wait_write,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       if (!error && !self->closed_) self->flush();
                     });
}

void Connection::finish_reply() {
  reply_ready_ = false;
  out_shared_.reset();
  if (out_text_.capacity() > 16 * 1024) std::string().swap(out_text_);
  if (close_after_reply_ || (end_of_input_ && backlog_.empty())) {
    close();
    return;
  }
  exchange_.reset();
  if (out_head_.capacity() <= k_backlog_limit) shared().head.swap(out_head_);
  handed_over_ = input_done_ = false;
  parser_.reset();
  if (accounted_ != 0) account();
  if (!backlog_.empty() && !consuming_) {
    // Pipelined requests, one at a time; a loop, so that a thousand of them need no deep stack.
    consuming_ = true;
    while (!backlog_.empty() && !input_done_ && !closed_) {
      std::string next = std::move(backlog_);
      backlog_.clear();
      consume(next);
    }
    consuming_ = false;
    if (end_of_input_ && !closed_) end_request();
  }
  wait_readable();
}

void Connection::fail(int status) {
  if (exchange_ && handed_over_) {
    close();
    return;
  }
  if (exchange_) {  // a broken body framing: for the handler the same as a truncated one
    input_done_ = true;
    finish_request(BodyState::truncated);
    return;
  }
  exchange_ = incoming_ ? std::move(incoming_) : new_exchange();
  handed_over_ = input_done_ = close_after_reply_ = true;
  end_of_input_ = true;
  exchange_->reply(Response::plain(status, std::string(reason_phrase(status)) + "\n"));
}

void Connection::finish() {
  close_after_reply_ = true;
  finishing_ = true;
  if (!handed_over_) close();
}

void Connection::close() {
  if (closed_) return;
  closed_ = true;
  auto keep = shared_from_this();
  account();
  // Unread input would turn the close into a reset that can overtake the reply.
  if (!end_of_input_) {
    ::shutdown(socket_.native_handle(), SHUT_WR);
    // Dropped in the kernel: another connection may still be at work on what lies in the scratch.
    for (int i = 0; i < 16; ++i) {
      constexpr std::size_t k_piece = 256 * 1024;
      constexpr int k_drop = MSG_TRUNC | MSG_DONTWAIT;
      if (::recv(socket_.native_handle(), nullptr, k_piece, k_drop) <= 0) break;
    }
  }
  boost::system::error_code ignored;
  socket_.close(ignored);
  server_.forget(keep);
  if (exchange_ && !exchange_->replied() && handed_over_) exchange_->replied_ = true;
}

}  // namespace coldframe::http
