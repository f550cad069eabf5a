// The fastest honest client of the Lambda Runtime API: it echoes every event.
//
//   AWS_LAMBDA_RUNTIME_API=127.0.0.1:9001 instant_runtime
//
// One keep-alive connection; GET next, POST the same bytes as the response, read the 202, again.
// Nothing is allocated after the start, header and body leave in one sendmsg, and a request is
// sent only after the reply before it has been read, as every real client does.
// Any surprise (connection lost, unexpected status, malformed reply) ends it: one sentence on
// stderr, exit 1. A usage error (no AWS_LAMBDA_RUNTIME_API) does the same.

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace {

// A whole reply must fit: an event of 6 291 556 bytes, and header lines of up to 1 MiB.
constexpr std::size_t k_buffer_size = 8U << 20U;
constexpr std::size_t k_max_id = 256;
constexpr std::string_view k_next = "/2018-06-01/runtime/invocation/next";

std::array<char, k_buffer_size> buffer;

[[noreturn]] [[gnu::format(printf, 1, 2)]] void give_up(const char* format, ...) {
  std::fputs("instant_runtime: ", stderr);
  va_list arguments;
  va_start(arguments, format);
  std::vfprintf(stderr, format, arguments);
  va_end(arguments);
  std::fputc('\n', stderr);
  std::exit(1);
}

int connect_to(const std::string& address) {
  const auto colon = address.rfind(':');
  if (colon == std::string::npos) {
    give_up("AWS_LAMBDA_RUNTIME_API is \"%s\", but must be HOST:PORT", address.c_str());
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failure = getaddrinfo(address.substr(0, colon).c_str(),
                                  address.substr(colon + 1).c_str(), &hints, &found);
  if (failure != 0) give_up("cannot resolve %s: %s", address.c_str(), gai_strerror(failure));
  const int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
    give_up("cannot connect to %s: %s", address.c_str(), std::strerror(errno));
  }
  freeaddrinfo(found);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // A system default that paces (BBR) would halve the speed of big events; loopback needs none.
  setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
  return fd;
}

void send_all(int fd, std::string_view header, std::string_view body) {
  std::array<iovec, 2> parts{{{const_cast<char*>(header.data()), header.size()},
                              {const_cast<char*>(body.data()), body.size()}}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = body.empty() ? 1 : 2;
  std::size_t left = header.size() + body.size();
  while (true) {
    const ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      give_up("cannot send to the Runtime API: %s", std::strerror(errno));
    }
    auto done = static_cast<std::size_t>(sent);
    left -= done;
    if (left == 0) return;
    for (auto& part : parts) {
      const std::size_t taken = done < part.iov_len ? done : part.iov_len;
      part.iov_base = static_cast<char*>(part.iov_base) + taken;
      part.iov_len -= taken;
      done -= taken;
    }
  }
}

std::size_t receive(int fd, std::size_t have) {
  if (have == buffer.size()) give_up("a reply is larger than %zu bytes", buffer.size());
  while (true) {
    const ssize_t got = recv(fd, buffer.data() + have, buffer.size() - have, 0);
    if (got > 0) return have + static_cast<std::size_t>(got);
    if (got == 0) give_up("the Runtime API closed the connection");
    if (errno != EINTR) give_up("cannot read from the Runtime API: %s", std::strerror(errno));
  }
}

// The value of header `line` if its name is `name` (lower case), else an empty view.
std::string_view value_if(std::string_view line, std::string_view name) {
  if (line.size() <= name.size() || line[name.size()] != ':' ||
      strncasecmp(line.data(), name.data(), name.size()) != 0) {
    return {};
  }
  line.remove_prefix(name.size() + 1);
  while (!line.empty() && (line.front() == ' ' || line.front() == '\t'))
    line.remove_prefix(1);
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t'))
    line.remove_suffix(1);
  return line;
}

// Views into `buffer`, good until the next reply is read.
struct Reply {
  int status = 0;
  std::string_view request_id;
  std::string_view body;
};

Reply read_reply(int fd) {
  std::size_t have = 0;
  std::size_t head_size = 0;
  while (head_size == 0) {
    const std::size_t scanned = have > 3 ? have - 3 : 0;
    have = receive(fd, have);
    const auto end = std::string_view(buffer.data(), have).find("\r\n\r\n", scanned);
    if (end != std::string_view::npos) head_size = end + 4;
  }
  std::string_view head(buffer.data(), head_size - 2);
  Reply reply;
  const bool status_line =
      head.starts_with("HTTP/1.1 ") &&
      std::from_chars(head.data() + 9, head.data() + 12, reply.status).ptr == head.data() + 12;
  if (!status_line) give_up("the reply does not begin with an HTTP/1.1 status line");
  std::size_t length = 0;
  bool length_known = false;
  head.remove_prefix(head.find("\r\n") + 2);
  while (!head.empty()) {
    const auto end = head.find("\r\n");
    const auto line = head.substr(0, end);
    head.remove_prefix(end + 2);
    if (const auto text = value_if(line, "content-length"); !text.empty()) {
      const auto last = text.data() + text.size();
      const auto [stop, error] = std::from_chars(text.data(), last, length);
      if (error != std::errc{} || stop != last) give_up("a reply's Content-Length is no number");
      length_known = true;
    } else if (const auto id = value_if(line, "lambda-runtime-aws-request-id"); !id.empty()) {
      reply.request_id = id;
    }
  }
  if (!length_known) give_up("a reply of status %d has no Content-Length", reply.status);
  if (length > buffer.size() - head_size) give_up("a reply body of %zu bytes is too large", length);
  while (have < head_size + length)
    have = receive(fd, have);
  if (have > head_size + length) give_up("bytes follow a reply that was not asked for");
  reply.body = std::string_view(buffer.data() + head_size, length);
  return reply;
}

}  // namespace

int main() {
  const char* address = std::getenv("AWS_LAMBDA_RUNTIME_API");
  if (address == nullptr) give_up("AWS_LAMBDA_RUNTIME_API is not set; it must name HOST:PORT");
  const int fd = connect_to(address);
  const std::string tail = std::string(" HTTP/1.1\r\nHost: ") + address + "\r\n";
  const std::string get_next = "GET " + std::string(k_next) + tail + "\r\n";
  const std::string post_tail = "/response" + tail + "Content-Type: application/json\r\n";
  std::string head;  // reserved once: no allocation per invoke
  head.reserve(k_max_id + post_tail.size() + 128);
  while (true) {
    send_all(fd, get_next, {});
    const Reply event = read_reply(fd);
    if (event.status != 200) give_up("next answered status %d, not 200", event.status);
    if (event.request_id.empty() || event.request_id.size() > k_max_id) {
      give_up("next came without a usable Lambda-Runtime-Aws-Request-Id");
    }
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.begin(), digits.end(), event.body.size()).ptr;
    head.assign("POST /2018-06-01/runtime/invocation/").append(event.request_id).append(post_tail);
    head.append("Content-Length: ").append(digits.data(), end).append("\r\n\r\n");
    send_all(fd, head, event.body);
    const Reply accepted = read_reply(fd);
    if (accepted.status != 202) give_up("response answered status %d, not 202", accepted.status);
  }
}
