// The way out of a connection: a reply's head in one piece, its body as it is, and what comes
// after.
#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>

#include "emulator/base/append.hpp"
#include "emulator/net/connection.hpp"
#include "emulator/net/connection_shared.hpp"

namespace coldframe::http {

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

}  // namespace coldframe::http
