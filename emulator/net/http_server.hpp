// An HTTP/1.1 server on one Asio loop: keep-alive, pipelining (answered in order), bodies of any
// framing, answers that come much later (a long poll), and notice when a waiting peer vanishes.
//
//   class Echo : public http::Handler {
//     void on_head(Exchange& e) override { e.body_limit = 6 << 20; }
//     void on_request(const ExchangePtr& e) override {
//       e->reply(Response::json(200, e->request.body));
//     }
//   };
//   HttpServer server(io, handler, {.header_limit = 1 << 20});
//   auto port = server.listen("127.0.0.1", 0);
//
// Everything runs on the thread of the io_context. The handler must outlive the server; exchanges
// may outlive the connection (a reply then goes nowhere). Sockets wait with readiness alone and are
// read into one buffer shared by all connections, so an idle connection costs almost no memory and
// drain() can read what a dead process left behind.
#pragma once

#include <any>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_set>

#include "emulator/base/error.hpp"
#include "emulator/base/unique_fd.hpp"
#include "emulator/net/http_message.hpp"

namespace coldframe::http {

class Connection;
class ReplyBatch;

// One request and the place for its one reply.
class Exchange {
 public:
  Request request;
  BodyState body_state = BodyState::complete;
  std::size_t body_limit = 0;  // set by on_head(); bytes
  std::any note;               // the handler's own

  // Sends the reply; a second call, or one after the peer vanished, has no effect. While the
  // request body is still coming in, the reply waits until the rest was read and dropped.
  void reply(Response&& response);
  bool replied() const { return replied_; }

 private:
  friend class Connection;
  friend void intrusive_ptr_add_ref(Exchange* exchange) { ++exchange->holders_; }
  friend void intrusive_ptr_release(Exchange* exchange) {
    if (--exchange->holders_ == 0) recycle(exchange);
  }
  static void recycle(Exchange* exchange) noexcept;
  void renew();  // as if new, for another request
  std::weak_ptr<Connection> connection_;
  int holders_ = 0;
  bool replied_ = false;
};
// Counted without atomics: an exchange stays on the I/O thread. One that nobody holds any more
// serves another request, with the room its headers have taken.
using ExchangePtr = boost::intrusive_ptr<Exchange>;

class Handler {
 public:
  virtual ~Handler() = default;
  // The header section is there, the body is not. Set exchange.body_limit here.
  virtual void on_head(Exchange&) = 0;
  // The body is complete, truncated or too large (called once, as soon as that is known).
  virtual void on_request(const ExchangePtr&) = 0;
  // The peer closed its side before the reply was sent.
  virtual void on_peer_gone(Exchange&) {}
};

struct ServerLimits {
  std::size_t header_limit = 1024 * 1024;
  std::size_t max_connections = 4096;
  // Bytes of heads (and chunk heads and trailers) that are not complete, and of those over 8 KiB
  // whose request has not been answered, all connections together; whose bytes go beyond it gets
  // 431.
  std::size_t heads_limit = 16 * 1024 * 1024;
  // Whether a half-closed peer still wants its answer (callers: yes; runtimes: gone is gone).
  bool half_close_is_gone = false;
};

class HttpServer {
 public:
  HttpServer(boost::asio::io_context& io, Handler& handler, ServerLimits limits);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Binds and accepts. Port 0 picks a free one. Returns the port.
  // Errors: exit code 2, HOST is no IP address; 4, "cannot listen on HOST:PORT: Address already in
  // use".
  Result<std::uint16_t> listen(const std::string& host, std::uint16_t port);
  // Accepts from a socket that listens already, in another network namespace perhaps. Error: exit
  // code 4.
  Result<void> adopt(UniqueFd listener);
  // Reads, without waiting, everything peers have sent so far, connections not yet accepted
  // included, and hands it to the handler. For use after the peer process has died. Returns whether
  // a request is still incomplete whose rest may be on its way.
  bool drain();
  // Takes no connection and no request any more; replies that are due still go out.
  void finish();
  // Closes every connection; the listeners stay.
  void drop_connections();
  // Closes the listeners and every connection.
  void close();
  std::size_t connection_count() const { return connections_.size(); }

 private:
  friend class Connection;
  using Executor = boost::asio::io_context::executor_type;
  using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, Executor>;

  // A listening socket, and the timer that looks at it again once a descriptor may be free.
  struct Door {
    explicit Door(boost::asio::io_context& io) : acceptor(io), retry(io) {}
    Acceptor acceptor;
    boost::asio::steady_timer retry;
  };

  void wait_accept(Door& door);
  bool accept_ready(Door& door);  // false: no descriptor is left
  void close_doors();
  void forget(const std::shared_ptr<Connection>& connection) { connections_.erase(connection); }

  boost::asio::io_context& io_;
  ReplyBatch& batch_;
  Handler& handler_;
  ServerLimits limits_;
  std::list<Door> doors_;
  std::unordered_set<std::shared_ptr<Connection>> connections_;
  std::size_t heads_ = 0;                                       // bytes that heads_limit is about
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for callbacks under way
};

}  // namespace coldframe::http
