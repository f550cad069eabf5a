// The floor: the four hops of an invoke on raw sockets and epoll, with fixed strings and no checks.
//   floor_relay CALLER_PORT RUNTIME_PORT      (0 picks one; prints "caller PORT runtime PORT")
// Caller's POST -> reply to the runtime's waiting GET next; its POST response -> reply to caller
// and 202 to runtime, whose next GET is held. One of each; a new connection replaces the old one.
// Each event has a new trace id, as on Lambda: clients have work with every new one.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace {
#define FLOOR_REQUEST_ID "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
constexpr std::string_view k_post = "POST /2018-06-01/runtime/invocation/" FLOOR_REQUEST_ID "/";
char event_head[] =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    "Lambda-Runtime-Aws-Request-Id: " FLOOR_REQUEST_ID
    "\r\nLambda-Runtime-Deadline-Ms: 4102444800000\r\n"
    "Lambda-Runtime-Invoked-Function-Arn: "
    "arn:aws:lambda:us-east-1:123456789012:function:function\r\n"
    "Lambda-Runtime-Invocation-Id: 5e0d8a4c-7b1f-4a52-9c3e-2f6b8d1a7c90\r\n"
    "Lambda-Runtime-Trace-Id: Root=1-5bef4de7-000000000000000000000000;"
    "Parent=9a9197af755a6419;Sampled=0\r\nContent-Length: ";
char* const last_trace_digit = std::strchr(event_head, ';') - 1;
constexpr std::string_view k_answer_head =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    "x-amzn-RequestId: " FLOOR_REQUEST_ID "\r\nX-Amz-Executed-Version: $LATEST\r\nContent-Length: ";
constexpr std::string_view k_accepted =
    "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\n"
    "Content-Length: 16\r\n\r\n{\"status\":\"OK\"}\n";

// One side of the relay: its listener, its only connection and the request read from it.
struct Side {
  int listener = -1, fd = -1;
  std::size_t have = 0;    // bytes in the buffer
  std::size_t head = 0;    // size of the request's head, 0 while it is incomplete
  std::size_t length = 0;  // size of its body
  bool ready = false;      // the request is whole and not yet answered
  std::array<char, 7'000'000> buffer{};

  std::string_view body() const { return {buffer.data() + head, length}; }
  void forget() { have = head = length = 0, ready = false; }
};
Side caller, runtime;
const int epoll = epoll_create1(EPOLL_CLOEXEC), k_on = 1;
void watch(int fd) {
  epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
  epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

int listen_on(Side& side, const char* port_text) {
  sockaddr_in address{.sin_family = AF_INET,
                      .sin_port = htons(static_cast<std::uint16_t>(std::atoi(port_text))),
                      .sin_addr = {htonl(INADDR_LOOPBACK)},
                      .sin_zero = {}};
  socklen_t size = sizeof address;
  side.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt(side.listener, SOL_SOCKET, SO_REUSEADDR, &k_on, sizeof k_on);
  // Accepted connections inherit both; a pacing default (BBR) would halve the speed of big bodies.
  setsockopt(side.listener, IPPROTO_TCP, TCP_NODELAY, &k_on, sizeof k_on);
  setsockopt(side.listener, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
  if (bind(side.listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(side.listener, 64) != 0) {
    std::perror("floor_relay: cannot listen");
    std::exit(4);
  }
  getsockname(side.listener, reinterpret_cast<sockaddr*>(&address), &size);
  watch(side.listener);
  return ntohs(address.sin_port);
}

// Sends head, the body's length and the body; sockets block, their peers are reading by now.
void send_with_body(int fd, std::string_view head, std::string_view body) {
  static std::array<char, 1024> text;
  std::memcpy(text.data(), head.data(), head.size());
  char* end = std::to_chars(text.data() + head.size(), text.end(), body.size()).ptr;
  std::memcpy(end, "\r\n\r\n", 4);
  iovec parts[2]{{text.data(), static_cast<std::size_t>(end + 4 - text.data())},
                 {const_cast<char*>(body.data()), body.size()}};
  msghdr message{};
  message.msg_iov = parts, message.msg_iovlen = 2;
  sendmsg(fd, &message, MSG_NOSIGNAL);
}

// Reads what is there; true once a whole request lies in the buffer.
bool read_request(Side& side) {
  const ssize_t got =
      recv(side.fd, side.buffer.data() + side.have, side.buffer.size() - side.have, MSG_DONTWAIT);
  if (got == 0) close(side.fd), side.fd = -1, side.forget();
  if (got <= 0) return false;
  side.have += static_cast<std::size_t>(got);
  if (side.head == 0) {
    const std::string_view seen(side.buffer.data(), side.have);
    const auto end = seen.find("\r\n\r\n");
    if (end == seen.npos) return false;
    side.head = end + 4;
    for (auto at = seen.find("\r\n"); at < end; at = seen.find("\r\n", at + 2)) {
      if (strncasecmp(&seen[at + 2], "content-length:", 15) == 0)
        side.length = std::strtoul(&seen[at + 17], {}, 10);
    }
  }
  return side.ready = side.have >= side.head + side.length;
}

void relay(Side& side) {
  if (!read_request(side)) return;
  if (&side == &runtime && std::memcmp(side.buffer.data(), k_post.data(), k_post.size()) == 0) {
    send_with_body(caller.fd, k_answer_head, runtime.body());
    send(runtime.fd, k_accepted.data(), k_accepted.size(), MSG_NOSIGNAL);
    runtime.forget();
  } else if (caller.ready && runtime.ready) {
    for (char* d = last_trace_digit; (*d = *d == '9' ? '0' : *d + 1) == '0'; --d)
      continue;
    send_with_body(runtime.fd, event_head, caller.body());
    caller.forget();
    runtime.forget();
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return std::fputs("usage: floor_relay CALLER_PORT RUNTIME_PORT\n", stderr), 2;
  const int caller_port = listen_on(caller, argv[1]);
  std::printf("caller %d runtime %d\n", caller_port, listen_on(runtime, argv[2]));
  std::fflush(stdout);
  std::array<epoll_event, 8> events{};
  while (true) {
    const int count = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      for (Side* side : {&caller, &runtime}) {
        if (fd == side->fd) relay(*side);
        if (fd != side->listener) continue;
        if (side->fd >= 0) close(side->fd);
        side->forget();
        watch(side->fd = accept4(side->listener, nullptr, nullptr, SOCK_CLOEXEC));
      }
    }
  }
}
