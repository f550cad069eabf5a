// An HttpServer with a scripted handler, and raw clients that share its loop: one thread, no
// sleeps.
//
//   class MyTest : public HttpServerTest {};
//   TEST_F(MyTest, …) { start(); auto c = connect(); c->send("GET / HTTP/1.1\r\n\r\n");
//                       EXPECT_EQ(reply_of(*c).status, 200); }
//
// run_until(condition) turns the loop until the condition holds; false after ten seconds.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "emulator/base/unique_fd.hpp"
#include "emulator/net/http_server.hpp"

namespace coldframe::testing {

struct RawReply {
  int status = 0;
  std::string head;
  std::string body;
  bool closes() const { return head.find("Connection: close\r\n") != std::string::npos; }
};

// A client's socket: non-blocking, with everything received so far.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port, int receive_buffer = 0) {
    fd_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (receive_buffer > 0) {
      ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  }

  // Sends what the kernel takes now; the rest with the next send_more().
  void send(std::string_view bytes) {
    out_ += bytes;
    send_more();
  }
  bool send_more() {
    while (!out_.empty() && !broken_) {
      const auto sent = ::send(fd_.get(), out_.data(), out_.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0 && errno != EAGAIN && errno != ENOTCONN) broken_ = true;
      if (sent < 0) break;
      out_.erase(0, static_cast<std::size_t>(sent));
    }
    return out_.empty();
  }
  // Reads what is there; at most `most` bytes.
  void receive(std::size_t most = SIZE_MAX) {
    char buffer[16 * 1024];
    while (!end_ && most > 0) {
      const auto got = ::recv(fd_.get(), buffer, std::min(most, sizeof buffer), 0);
      if (got < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOTCONN)) return;
      if (got <= 0) {
        end_ = true;
        reset_ = got < 0;
        return;
      }
      in_.append(buffer, static_cast<std::size_t>(got));
      most -= static_cast<std::size_t>(got);
    }
  }
  // The next complete reply, taken off the front.
  std::optional<RawReply> take_reply() {
    const auto end = in_.find("\r\n\r\n");
    if (end == std::string::npos) return std::nullopt;
    RawReply reply;
    reply.head = in_.substr(0, end + 2);
    if (reply.head.size() > 12) reply.status = std::atoi(reply.head.c_str() + 9);
    std::size_t size = 0;
    if (const auto at = reply.head.find("Content-Length: "); at != std::string::npos) {
      std::from_chars(reply.head.data() + at + 16, reply.head.data() + reply.head.size(), size);
    }
    if (in_.size() - end - 4 < size) return std::nullopt;
    reply.body = in_.substr(end + 4, size);
    in_.erase(0, end + 4 + size);
    return reply;
  }
  // Room on the sender's side, in bytes; needs no privilege to be asked for, only to be had.
  void send_buffer(int bytes) {
    if (::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) != 0) {
      ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    }
  }
  void half_close() { ::shutdown(fd_.get(), SHUT_WR); }
  void close() { fd_.reset(); }
  // Ends the connection with a reset instead of an orderly end.
  void abort() {
    const linger now{1, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    fd_.reset();
  }

  const std::string& received() const { return in_; }
  bool at_end() const { return end_; }  // orderly or not
  bool was_reset() const { return reset_; }
  bool broken() const { return broken_; }

 private:
  UniqueFd fd_;
  std::string out_;
  std::string in_;
  bool end_ = false;
  bool reset_ = false;
  bool broken_ = false;
};

class HttpServerTest : public ::testing::Test, public http::Handler {
 public:
  void on_head(http::Exchange& exchange) override {
    ++heads;
    exchange.body_limit = body_limit;
  }
  void on_request(const http::ExchangePtr& exchange) override {
    requests.push_back(exchange);
    if (answer) answer(exchange);
  }
  void on_peer_gone(http::Exchange&) override { ++gone; }

 protected:
  ~HttpServerTest() override = default;

  void start(http::ServerLimits limits = {}) {
    server.emplace(io, *this, limits);
    auto listening = server->listen("127.0.0.1", 0);
    ASSERT_TRUE(listening) << listening.error().message;
    port = *listening;
  }
  // Answers each request at once with its method's target and body.
  void echo() {
    answer = [](const http::ExchangePtr& e) {
      e->reply(http::Response::plain(200, e->request.target + "|" + e->request.body));
    };
  }
  std::unique_ptr<RawClient> connect(int receive_buffer = 0) {
    return std::make_unique<RawClient>(port, receive_buffer);
  }
  bool run_until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      io.restart();
      io.run_one_for(std::chrono::milliseconds(2));
    }
    return true;
  }
  // Turns the loop until nothing more is ready.
  void settle() {
    io.restart();
    io.poll();
  }
  RawReply reply_of(RawClient& client) {
    std::optional<RawReply> reply;
    EXPECT_TRUE(run_until([&] {
      client.send_more();
      client.receive();
      reply = client.take_reply();
      return reply || client.at_end();
    }));
    return reply.value_or(RawReply());
  }
  bool ends(RawClient& client) {
    return run_until([&] {
      client.receive();
      return client.at_end();
    });
  }

  boost::asio::io_context io;
  std::optional<http::HttpServer> server;
  std::uint16_t port = 0;
  std::size_t body_limit = 1024 * 1024;
  std::function<void(const http::ExchangePtr&)> answer;
  std::vector<http::ExchangePtr> requests;
  int heads = 0;
  int gone = 0;
};

}  // namespace coldframe::testing
