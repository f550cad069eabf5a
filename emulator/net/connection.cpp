#include "emulator/net/connection.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "emulator/net/connection_shared.hpp"

namespace coldframe::http {
namespace {

std::vector<char>& scratch() { return shared().scratch; }

}  // namespace

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
  const bool in_turn = budget <= k_turn_bytes;
  while (budget > 0 && !closed_ && !end_of_input_ && !reading_paused()) {
    auto [space, room] = parser_.direct_space();
    const bool direct = room > 0 && exchange_ && !input_done_;
    char* at = direct ? space : scratch().data();
    const std::size_t scratch_size = in_turn ? k_turn_requests : scratch().size();
    const std::size_t size = direct ? room : scratch_size;
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
    if (in_turn && (!direct || static_cast<std::size_t>(got) < size)) break;
  }
  wait_readable();
}

// Heads are bounded for all connections of a server together: each alone may be large, and its body
// may never come.
bool Connection::account() {
  const std::size_t now = closed_ ? 0 : parser_.kept();
  const bool grown = now > accounted_;
  server_.heads_ += now - accounted_;  // modulo 2^64
  accounted_ = now;
  if (server_.heads_ <= server_.limits_.heads_limit || !grown) return true;
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
    if (parser_.kept() != accounted_ && !account()) return;
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
    if (!exchange_ && server_.limits_.half_close_is_gone) reset_at_close();
    end_request();
  } else if (!exchange_->replied()) {
    if (error || server_.limits_.half_close_is_gone) {
      auto exchange = exchange_;
      exchange->replied_ = true;  // nobody is there to read it
      server_.handler_.on_peer_gone(*exchange);
      reset_at_close();
      close();
    }
    return;
  }
  if (error) close();
}

// Nobody is there to be told of an orderly end: no trace of it stays for a minute in the kernel.
void Connection::reset_at_close() {
  const linger none{1, 0};
  ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
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
  // A reply that waits for the end of the turn goes as far as it can; no handler is called here.
  if (in_batch_ && reply_ready_ && !unsendable_) send_once(rest());
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
