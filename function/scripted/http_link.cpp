#include "http_link.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

#include "text.hpp"

namespace scripted {

namespace {

[[noreturn]] void broken(const std::string& sentence) { throw Stop(k_exit_broken, sentence); }

std::string error_text() { return std::strerror(errno); }

std::optional<std::size_t> number_in(std::string_view text, int base) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.begin(), text.end(), value, base);
  if (error != std::errc{} || end != text.end()) return std::nullopt;
  return value;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ')
    text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ')
    text.remove_suffix(1);
  return text;
}

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

const std::string* find_header(const Headers& headers, std::string_view name) {
  for (const auto& [known, value] : headers) {
    if (same_name(known, name)) return &value;
  }
  return nullptr;
}

void Link::open() {
  if (fd_ >= 0) {
    char byte = 0;
    const ssize_t got = recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got > 0 || (got < 0 && errno == EAGAIN)) return;
    close();
  }
  const auto colon = address_.rfind(':');
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (colon == std::string::npos ||
      getaddrinfo(address_.substr(0, colon).c_str(), address_.substr(colon + 1).c_str(), &hints,
                  &found) != 0) {
    broken("the Runtime API's address \"" + address_ + "\" is not HOST:PORT");
  }
  fd_ = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool connected = fd_ >= 0 && connect(fd_, found->ai_addr, found->ai_addrlen) == 0;
  freeaddrinfo(found);
  if (!connected) broken("cannot connect to " + address_ + ": " + error_text());
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void Link::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  input_.clear();
}

void Link::close_writing() { shutdown(fd_, SHUT_WR); }

void Link::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EPIPE || errno == ECONNRESET) {
      return;
    } else if (errno != EINTR) {
      broken("cannot send to the Runtime API: " + error_text());
    }
  }
}

bool Link::readable_within(std::chrono::milliseconds wait) const {
  if (!input_.empty()) return true;
  pollfd entry{.fd = fd_, .events = POLLIN, .revents = 0};
  return poll(&entry, 1, static_cast<int>(wait.count())) > 0;
}

void Link::read_more() {
  std::array<char, 65536> piece;
  while (true) {
    const ssize_t got = recv(fd_, piece.data(), piece.size(), 0);
    if (got > 0) {
      input_.append(piece.data(), static_cast<std::size_t>(got));
      return;
    }
    if (got == 0) broken("the Runtime API closed the connection without a whole reply");
    if (errno != EINTR) broken("cannot read from the Runtime API: " + error_text());
  }
}

std::string Link::take(std::size_t size) {
  while (input_.size() < size)
    read_more();
  std::string taken = input_.substr(0, size);
  input_.erase(0, size);
  return taken;
}

std::string Link::take_line() {
  std::size_t end = 0;
  while ((end = input_.find("\r\n")) == std::string::npos)
    read_more();
  std::string line = take(end + 2);
  line.resize(end);
  return line;
}

std::string Link::take_chunked() {
  std::string body;
  while (true) {
    const std::string line = take_line();
    const auto size = number_in(std::string_view(line).substr(0, line.find(';')), 16);
    if (!size) broken("a chunk's size line is \"" + line + "\"");
    if (*size == 0) break;
    body += take(*size);
    if (!take_line().empty()) broken("a chunk is longer than its size line says");
  }
  while (!take_line().empty()) {
  }
  return body;
}

Reply Link::read_reply() {
  Reply reply;
  const std::string status_line = take_line();
  const auto status = status_line.size() < 12
                          ? std::nullopt
                          : number_in(std::string_view(status_line).substr(9, 3), 10);
  if (!status_line.starts_with("HTTP/1.") || !status) {
    broken("the reply begins with \"" + status_line + "\", which is no HTTP/1.1 status line");
  }
  reply.status = static_cast<int>(*status);
  for (std::string line = take_line(); !line.empty(); line = take_line()) {
    const std::string_view view = line;
    const auto colon = view.find(':');
    if (colon == view.npos) broken("the reply has the header line \"" + line + "\"");
    reply.headers.emplace_back(view.substr(0, colon), trimmed(view.substr(colon + 1)));
  }
  const std::string* length = find_header(reply.headers, "Content-Length");
  const std::string* coding = find_header(reply.headers, "Transfer-Encoding");
  if (coding != nullptr && same_name(*coding, "chunked")) {
    reply.body = take_chunked();
  } else if (length != nullptr) {
    const auto size = number_in(*length, 10);
    if (!size) broken("the reply's Content-Length is \"" + *length + "\"");
    reply.body = take(*size);
  } else if (reply.status != 204 && reply.status != 304) {
    broken("the reply of status " + std::to_string(reply.status) + " says no Content-Length");
  }
  const std::string* connection = find_header(reply.headers, "Connection");
  if (connection != nullptr && same_name(*connection, "close")) close();
  return reply;
}

}  // namespace scripted
