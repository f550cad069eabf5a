#include "emulator/net/http_server.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "emulator/net/connection.hpp"
#include "emulator/net/reply_batch.hpp"

namespace coldframe::http {
namespace asio = boost::asio;

namespace {

// What to do where no socket could be bound.
std::string advice_for(const boost::system::error_code& error) {
  if (error == asio::error::address_in_use) {
    return "; choose another with --port, or 0 for a free one";
  }
  if (error == boost::system::errc::address_not_available) {
    return "; no interface of this host has that address: --host 127.0.0.1 is for this host alone, "
           "0.0.0.0 for whoever reaches it";
  }
  if (error == asio::error::access_denied) {
    return "; ports below 1024 need root: choose one above with --port";
  }
  return "";
}

}  // namespace

HttpServer::HttpServer(asio::io_context& io, Handler& handler, ServerLimits limits)
    : io_(io), batch_(ReplyBatch::of(io)), handler_(handler), limits_(limits) {}

HttpServer::~HttpServer() { close(); }

Result<std::uint16_t> HttpServer::listen(const std::string& host, std::uint16_t port) {
  const std::string place = host + ":" + std::to_string(port);
  boost::system::error_code error;
  auto address = asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, error);
  if (error) {
    return usage_error("cannot listen on " + place + ": '" + host +
                       "' is not an IP address; try 127.0.0.1");
  }
  asio::ip::tcp::endpoint endpoint(address, port);
  Door& door = doors_.emplace_back(io_);
  Acceptor& acceptor = door.acceptor;
  acceptor.open(endpoint.protocol(), error);
  if (!error) {
    ::fcntl(acceptor.native_handle(), F_SETFD, FD_CLOEXEC);
    acceptor.set_option(asio::socket_base::reuse_address(true), error);
  }
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(1024, error);
  if (!error) acceptor.non_blocking(true, error);
  if (error) {
    doors_.pop_back();
    return host_error("cannot listen on " + place + ": " + error.message() + advice_for(error));
  }
  wait_accept(door);
  return acceptor.local_endpoint().port();
}

Result<void> HttpServer::adopt(UniqueFd listener) {
  Door& door = doors_.emplace_back(io_);
  boost::system::error_code error;
  door.acceptor.assign(asio::ip::tcp::v4(), listener.get(), error);
  if (!error) {
    (void)listener.release();
    door.acceptor.non_blocking(true, error);
  }
  if (error) {
    doors_.pop_back();
    return host_error("cannot listen: " + error.message());
  }
  wait_accept(door);
  return {};
}

void HttpServer::wait_accept(Door& door) {
  if (!door.acceptor.is_open()) return;
  door.acceptor.async_wait(
      asio::socket_base::wait_read,
      [this, &door, alive = std::weak_ptr<bool>(alive_)](const boost::system::error_code& error) {
        if (error || alive.expired() || !door.acceptor.is_open()) return;
        if (accept_ready(door)) return wait_accept(door);
        // Out of descriptors: the backlog keeps the connects; look again a little later.
        door.retry.expires_after(std::chrono::milliseconds(20));
        // Once due, the callback cannot be recalled by a destructor.
        door.retry.async_wait([this, &door, alive](const boost::system::error_code& stopped) {
          if (!stopped && !alive.expired()) wait_accept(door);
        });
      });
}

bool HttpServer::accept_ready(Door& door) {
  // A bounded number, so that a flood of connects cannot keep the loop from everything else.
  for (int i = 0; i < 256 && door.acceptor.is_open(); ++i) {
    const int fd =
        ::accept4(door.acceptor.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      return errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM;
    }
    if (connections_.size() >= limits_.max_connections) {
      ::close(fd);
      continue;
    }
    auto connection = std::make_shared<Connection>(*this, fd);
    if (!connection->open()) continue;
    connections_.insert(connection);
    connection->start();
  }
  return true;
}

void HttpServer::close_doors() {
  for (Door& door : doors_) {
    boost::system::error_code ignored;
    door.acceptor.close(ignored);
    door.retry.cancel();
  }
}

bool HttpServer::drain() {
  constexpr std::size_t k_largest_request = 16 * 1024 * 1024;
  const ReplyBatch::AtOnce at_once(batch_);  // a reply that waits keeps the next request waiting
  for (Door& door : doors_) {
    if (door.acceptor.is_open()) accept_ready(door);
  }
  std::vector<std::shared_ptr<Connection>> all(connections_.begin(), connections_.end());
  for (auto& connection : all) {
    // Whoever has not read its reply has no further request to be heard.
    if (!connection->writing()) connection->read_available(k_largest_request);
  }
  return std::any_of(connections_.begin(), connections_.end(),
                     [](const auto& connection) { return connection->mid_request(); });
}

void HttpServer::finish() {
  close_doors();
  std::vector<std::shared_ptr<Connection>> all(connections_.begin(), connections_.end());
  for (auto& connection : all)
    connection->finish();
}

void HttpServer::drop_connections() {
  std::vector<std::shared_ptr<Connection>> all(connections_.begin(), connections_.end());
  for (auto& connection : all)
    connection->close();
}

void HttpServer::close() {
  close_doors();
  drop_connections();
}

}  // namespace coldframe::http
