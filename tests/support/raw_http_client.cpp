#include "tests/support/raw_http_client.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>

#include "emulator/net/http_message.hpp"

namespace coldframe::testing {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

std::size_t number(std::string_view text, int base) {
  std::size_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (result.ec != std::errc()) throw std::runtime_error("no number: '" + std::string(text) + "'");
  return value;
}

// The status line and the headers, without the empty line.
HttpReply parse_head(std::string_view head) {
  if (!head.starts_with("HTTP/1.1 ") || head.size() < 12) {
    throw std::runtime_error("not a status line: '" + std::string(head.substr(0, 100)) + "'");
  }
  HttpReply reply;
  reply.status = static_cast<int>(number(head.substr(9, 3), 10));
  auto at = head.find("\r\n");
  while (at != std::string_view::npos) {
    head.remove_prefix(at + 2);
    at = head.find("\r\n");
    const auto line = head.substr(0, at);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) {
      throw std::runtime_error("no header: '" + std::string(line) + "'");
    }
    reply.headers.emplace_back(line.substr(0, colon), trim(line.substr(colon + 1)));
  }
  return reply;
}

// The length of a whole chunked body at the front of `text`, its content in `out`; 0: not all
// there.
std::size_t parse_chunked(std::string_view text, std::string& out) {
  std::size_t at = 0;
  for (;;) {
    const auto line_end = text.find("\r\n", at);
    if (line_end == std::string_view::npos) return 0;
    const std::size_t size = number(text.substr(at, line_end - at), 16);
    at = line_end + 2;
    if (text.size() < at + size + 2) return 0;
    out += text.substr(at, size);
    at += size + 2;
    if (size == 0) return at;
  }
}

}  // namespace

std::optional<std::string> HttpReply::find(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (http::iequals(key, name)) return value;
  }
  return std::nullopt;
}

std::string http_request(std::string_view method, std::string_view target, std::string_view body,
                         const HeaderList& headers) {
  std::string out;
  out.reserve(body.size() + 256);
  out.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: 127.0.0.1\r\n");
  bool framed = method == "GET" && body.empty();
  for (const auto& [name, value] : headers) {
    out.append(name).append(": ").append(value).append("\r\n");
    framed =
        framed || http::iequals(name, "Content-Length") || http::iequals(name, "Transfer-Encoding");
  }
  if (!framed) out.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  return out.append("\r\n").append(body);
}

std::string http_chunk(std::string_view data) {
  std::array<char, 24> size{};
  const auto end = std::to_chars(size.data(), size.data() + size.size(), data.size(), 16).ptr;
  std::string out(size.data(), end);
  out += "\r\n";
  if (!data.empty()) out.append(data).append("\r\n");
  return out;
}

RawHttpClient::RawHttpClient(Pump& pump, std::uint16_t port)
    : pump_(&pump), fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // The kernel completes this without the other side's help, as long as its backlog has room.
  if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("cannot connect to port " + std::to_string(port) + ": " +
                             std::strerror(errno));
  }
  ::fcntl(fd_.get(), F_SETFL, O_NONBLOCK);
  const int on = 1;
  ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void RawHttpClient::send(std::string_view bytes) {
  wait_for(
      *pump_,
      [&] {
        while (!bytes.empty()) {
          const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
          if (sent < 0 && errno == EINTR) continue;
          if (sent < 0 && errno == EAGAIN) return false;
          if (sent < 0) return true;
          bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
      },
      "the other side to read a request");
}

void RawHttpClient::send_bytewise(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    send(bytes.substr(i, 1));
    pump_->turn();
  }
}

void RawHttpClient::finish_sending() { ::shutdown(fd_.get(), SHUT_WR); }

void RawHttpClient::close() { fd_.reset(); }

void RawHttpClient::abort() {
  const linger hard{1, 0};
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  fd_.reset();
}

void RawHttpClient::receive() {
  static std::array<char, 256 * 1024> buffer;
  while (!end_ && fd_) {
    const ssize_t got = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      end_ = true;
    } else {
      input_.append(buffer.data(), static_cast<std::size_t>(got));
    }
  }
}

std::optional<HttpReply> RawHttpClient::parse() {
  const auto head_end = input_.find("\r\n\r\n");
  if (head_end == std::string::npos) return std::nullopt;
  HttpReply reply = parse_head(std::string_view(input_).substr(0, head_end));
  const std::string_view rest = std::string_view(input_).substr(head_end + 4);
  parsed_ = head_end + 4;
  if (reply.status < 200 || reply.status == 204) return reply;
  if (const auto length = reply.find("Content-Length")) {
    const std::size_t size = number(*length, 10);
    if (rest.size() < size) return std::nullopt;
    reply.body = rest.substr(0, size);
    parsed_ += size;
  } else if (reply.header("Transfer-Encoding") == "chunked") {
    const std::size_t size = parse_chunked(rest, reply.body);
    if (size == 0) return std::nullopt;
    parsed_ += size;
  } else {
    if (!end_) return std::nullopt;
    reply.body = rest;
    parsed_ += rest.size();
  }
  return reply;
}

bool RawHttpClient::reply_ready() {
  receive();
  return parse().has_value();
}

bool RawHttpClient::quiet() {
  receive();
  return input_.empty() && !end_;
}

HttpReply RawHttpClient::read_reply() {
  std::optional<HttpReply> reply;
  wait_for(
      *pump_,
      [&] {
        receive();
        reply = parse();
        return reply || end_;
      },
      "a reply; so far there is '" + input_.substr(0, 500) + "'");
  if (!reply) {
    throw std::runtime_error("the connection ended before a whole reply came: '" +
                             input_.substr(0, 500) + "'");
  }
  input_.erase(0, parsed_);
  return std::move(*reply);
}

HttpReply RawHttpClient::request(std::string_view method, std::string_view target,
                                 std::string_view body, const HeaderList& headers) {
  send(http_request(method, target, body, headers));
  return read_reply();
}

bool RawHttpClient::ends() {
  wait_for(
      *pump_,
      [&] {
        receive();
        return end_ || !input_.empty();
      },
      "the end of a connection");
  return end_ && input_.empty();
}

std::uint16_t RawHttpClient::local_port() const {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

}  // namespace coldframe::testing
