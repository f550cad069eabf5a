// The way out of a connection: a reply's head in one piece, its body as it is, and what comes
// after.
#include <cerrno>

#include "emulator/base/append.hpp"
#include "emulator/net/connection.hpp"
#include "emulator/net/connection_shared.hpp"
#include "emulator/net/reply_batch.hpp"

namespace coldframe::http {
namespace {

// Bytes; a body up to this leaves in one piece with its head.
constexpr std::size_t k_joined = 4096;

bool is_bodiless(int status) { return status == 204 || status < 200; }

void append_status_line(std::string& out, int status) {
  if (status == 200) return append(out, "HTTP/1.1 200 OK\r\n");
  append(out, "HTTP/1.1 ");
  append(out, status);
  append(out, " ");
  append(out, reason_phrase(status));
  append(out, "\r\n");
}

}  // namespace

void Connection::write_head(std::string& out, const Response& response) {
  if (response.close) close_after_reply_ = true;
  out.clear();
  append_status_line(out, response.status);
  append(out, response.preset);
  append(out, response.fields);
  if (close_after_reply_) {
    append(out, "Connection: close\r\n");
  } else if (response.announce_keep_alive) {
    append(out, "Connection: keep-alive\r\n");
  }
  if (is_bodiless(response.status)) return append(out, "\r\n");
  append(out, "Content-Length: ");
  append(out, static_cast<std::int64_t>(response.body().size()));
  append(out, "\r\n\r\n");
}

void Connection::send(Exchange& exchange, Response&& response) {
  if (closed_ || exchange_.get() != &exchange) return;
  std::string& head = shared().head;
  write_head(head, response);
  const bool no_body = is_bodiless(response.status) || exchange.request.method == Method::head;
  const std::string_view body = no_body ? std::string_view() : response.body();
  const bool joined = body.size() <= k_joined;
  if (joined) append(head, body);
  if (response.fields.capacity() <= k_backlog_limit) shared().fields.swap(response.fields);
  reply_ready_ = true;
  out_sent_ = 0;
  const bool due = ready_to_send() && !in_batch_;
  const bool gather = due && server_.batch_.gathers();
  if (due && joined && !gather) {  // as most are
    const ssize_t sent = send_once(
        {.fd = socket_.native_handle(), .parts = {iovec{head.data(), head.size()}, iovec{}}});
    if (sent == static_cast<ssize_t>(head.size())) return finish_reply();
    note_sent(sent);
  }
  out_head_.swap(head);
  if (!joined) {
    out_shared_ = std::move(response.shared);
    out_text_ = std::move(response.text);
  }
  if (gather) {
    in_batch_ = true;
    server_.batch_.add(shared_from_this());
  } else if (due) {
    flush();
  }
}

// What of the reply is not sent yet; of size 0 if that is nothing.
SendItem Connection::rest() {
  const std::string_view body = unsent_body();
  SendItem item{.fd = socket_.native_handle()};
  std::size_t count = 0;
  if (out_sent_ < out_head_.size()) {
    item.parts[count++] = {out_head_.data() + out_sent_, out_head_.size() - out_sent_};
  }
  const std::size_t body_at = out_sent_ > out_head_.size() ? out_sent_ - out_head_.size() : 0;
  if (body_at < body.size()) {
    item.parts[count] = {const_cast<char*>(body.data()) + body_at, body.size() - body_at};
  }
  return item;
}

bool Connection::leave_batch(SendItem& item) {
  in_batch_ = false;
  if (closed_ || !reply_ready_ || writing_) return false;
  item = rest();
  return true;
}

void Connection::note_sent(ssize_t result) {
  if (result >= 0) {
    out_sent_ += static_cast<std::size_t>(result);
  } else if (result != -EAGAIN && result != -EINTR) {
    unsendable_ = true;
  }
}

void Connection::flush() {
  writing_ = false;
  if (closed_ || !reply_ready_) return;
  for (SendItem item = rest(); item.parts[0].iov_len > 0 && !unsendable_; item = rest()) {
    const ssize_t sent = send_once(item);
    if (sent == -EAGAIN) return wait_writable();
    note_sent(sent);
  }
  unsendable_ ? close() : finish_reply();
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
  out_text_.clear();
  if (out_text_.capacity() > 16 * 1024) std::string().swap(out_text_);
  if (close_after_reply_ || (end_of_input_ && backlog_.empty())) {
    close();
    return;
  }
  exchange_.reset();
  if (!out_head_.empty()) {
    if (out_head_.capacity() <= k_backlog_limit) shared().head.swap(out_head_);
    out_head_.clear();
  }
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
