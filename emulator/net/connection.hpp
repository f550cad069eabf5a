// One accepted connection of an HttpServer; private to this room.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>

#include "emulator/net/http_server.hpp"
#include "emulator/net/request_parser.hpp"
#include "emulator/net/send_many.hpp"

namespace coldframe::http {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // Takes ownership of the non-blocking socket `fd`.
  Connection(HttpServer& server, int fd);

  // Whether the loop took the socket; if not, it is closed.
  bool open() const { return socket_.is_open(); }
  void start() { wait_readable(); }
  // Reads what is there without waiting, about `budget` bytes at most.
  void read_available(std::size_t budget = k_turn_bytes);
  // A reply is being written that the socket did not take at once.
  bool writing() const { return writing_; }
  // The body of a request has begun and not ended.
  bool mid_request() const { return exchange_ && !handed_over_ && !closed_; }
  // Serves no further request.
  void finish();
  [[gnu::cold]] void close();
  void send(Exchange& exchange, Response&& response);

  // For ReplyBatch. The reply that waited in it, or false if it is no longer due.
  bool leave_batch(SendItem& item);
  // What became of it: bytes, or -errno.
  void note_sent(ssize_t result);
  // Sends what is left of the reply, and goes on.
  void flush();

 private:
  using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp,
                                                  boost::asio::io_context::executor_type>;

  void wait_readable();
  [[gnu::cold]] void wait_writable();
  ExchangePtr new_exchange();
  void consume(std::string_view bytes);
  void continue_input();
  void on_head();
  void finish_request(BodyState state);
  void end_request();
  [[gnu::cold]] void on_end_of_input(bool error);
  [[gnu::cold]] void reset_at_close();
  std::string_view unsent_body() const {
    return out_shared_ ? std::string_view(*out_shared_) : std::string_view(out_text_);
  }
  void write_head(std::string& out, const Response& response);
  SendItem rest();
  [[gnu::cold]] void fail(int status);
  void finish_reply();
  bool account();  // false: too much, and the connection has failed
  bool ready_to_send() const { return reply_ready_ && (input_done_ || draining_forever_); }
  bool reading_paused() const { return input_done_ && backlog_.size() > k_backlog_limit; }

  // So that one busy peer cannot keep the loop from timers and from the other connections.
  static constexpr std::size_t k_turn_bytes = 1024 * 1024;   // of a body
  static constexpr std::size_t k_turn_requests = 64 * 1024;  // bytes that may be many requests
  static constexpr std::size_t k_backlog_limit = 64 * 1024;
  static constexpr std::size_t k_drain_limit = 64 * 1024 * 1024;

  HttpServer& server_;
  Socket socket_;
  RequestParser parser_;
  ExchangePtr incoming_;      // what the head being read is written to
  ExchangePtr exchange_;      // the request whose body is read, or that waits for its reply
  bool handed_over_ = false;  // on_request() was called for it
  bool input_done_ = false;   // its body has been read to the end
  bool reply_ready_ = false;
  bool draining_forever_ = false;  // the rest of the body is too long to read: answer and close
  bool waiting_readable_ = false;
  bool writing_ = false;
  bool in_batch_ = false;    // its reply waits for the end of the turn
  bool unsendable_ = false;  // the peer takes no more
  bool end_of_input_ = false;
  bool closed_ = false;
  bool consuming_ = false;
  std::size_t accounted_ = 0;  // of the server's bytes of heads
  bool close_after_reply_ = false;
  bool finishing_ = false;
  std::string backlog_;  // bytes of pipelined requests
  std::string out_head_;
  std::shared_ptr<const std::string> out_shared_;
  std::string out_text_;
  std::size_t out_sent_ = 0;
};

}  // namespace coldframe::http
