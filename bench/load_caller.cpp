#include "load_caller.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace bench {

namespace {

bool is_header(std::string_view line, std::string_view name) {
  return line.size() >= name.size() && strncasecmp(line.data(), name.data(), name.size()) == 0;
}

}  // namespace

Load::Load(const Options& options)
    : options_(options),
      head_("POST " + options.path + " HTTP/1.1\r\nHost: 127.0.0.1:" +
            std::to_string(options.port) + "\r\nContent-Type: application/json" +
            "\r\nContent-Length: " + std::to_string(options.body.size()) + "\r\n\r\n"),
      blocking_(options.connections == 1) {
  for (std::size_t i = 0; i < options.connections; ++i)
    connections_.push_back(connect());
  latencies_.reserve(options.count);
}

void Load::run(std::uint64_t count, Phase phase) {
  phase_ = phase;
  left_to_start_ = left_to_finish_ = count;
  const auto began = Clock::now();
  if (blocking_) {
    Connection& only = connections_.front();
    while (left_to_finish_ > 0) {
      start(only);
      while (only.busy)
        receive(only);
      if (options_.pause.count() > 0) std::this_thread::sleep_for(options_.pause);
    }
  } else {
    run_polled();
  }
  wall_ = Clock::now() - began;
}

void Load::report() {
  if (!options_.samples_file.empty()) write_samples();
  std::sort(latencies_.begin(), latencies_.end());
  double sum_us = 0;
  for (const auto ns : latencies_)
    sum_us += static_cast<double>(ns) / 1e3;
  const auto count = static_cast<double>(latencies_.size());
  const double seconds = std::chrono::duration<double>(wall_).count();
  const char* form =
      options_.json
          ? "{\"count\":%zu,\"errors\":%llu,\"connections\":%zu,\"body_bytes\":%zu,"
            "\"p50_us\":%.3f,\"p90_us\":%.3f,\"p99_us\":%.3f,\"max_us\":%.3f,"
            "\"mean_us\":%.3f,\"per_second\":%.1f,\"wall_s\":%.6f}\n"
          : "%zu calls, %llu errors, %zu connections, %zu byte body: p50 %.1f us, p90 %.1f, "
            "p99 %.1f, max %.1f, mean %.1f us, %.0f per second, %.3f s\n";
  std::printf(form, latencies_.size(), static_cast<unsigned long long>(errors_),
              options_.connections, options_.body.size(), percentile_us(0.50), percentile_us(0.90),
              percentile_us(0.99), percentile_us(1.0), sum_us / count, count / seconds, seconds);
}

Load::Connection Load::connect() const {
  Connection connection;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(options_.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  connection.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connection.fd < 0 ||
      ::connect(connection.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    stop(4, "cannot connect to 127.0.0.1:%u: %s", options_.port, std::strerror(errno));
  }
  const int on = 1;
  setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // A system default that paces (BBR) would halve the speed of big events; loopback needs none.
  setsockopt(connection.fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
  connection.buffer.resize(options_.body.size() + 65536);
  return connection;
}

void Load::run_polled() {
  const int poll = epoll_create1(EPOLL_CLOEXEC);
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    epoll_event interest{.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {.u64 = i}};
    epoll_ctl(poll, EPOLL_CTL_ADD, connections_[i].fd, &interest);
  }
  for (auto& connection : connections_)
    start(connection);
  std::array<epoll_event, 64> events{};
  while (left_to_finish_ > 0) {
    const int ready = epoll_wait(poll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < ready; ++i) {
      Connection& connection = connections_[events[static_cast<std::size_t>(i)].data.u64];
      if (connection.busy && connection.sent < head_.size() + options_.body.size()) {
        send(connection);
      }
      while (connection.busy && receive(connection)) {
      }
    }
  }
  close(poll);
}

void Load::start(Connection& connection) {
  if (left_to_start_ == 0) return;
  --left_to_start_;
  connection.busy = true;
  connection.sent = connection.have = connection.head = connection.length = 0;
  connection.start = Clock::now();
  send(connection);
}

void Load::send(Connection& connection) {
  const std::size_t total = head_.size() + options_.body.size();
  while (connection.sent < total) {
    std::array<iovec, 2> parts{};
    std::size_t used = 0;
    if (connection.sent < head_.size()) {
      parts[used++] = {head_.data() + connection.sent, head_.size() - connection.sent};
    }
    const std::size_t body_sent =
        connection.sent > head_.size() ? connection.sent - head_.size() : 0;
    parts[used++] = {const_cast<char*>(options_.body.data()) + body_sent,
                     options_.body.size() - body_sent};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = used;
    const ssize_t sent =
        sendmsg(connection.fd, &message, MSG_NOSIGNAL | (blocking_ ? 0 : MSG_DONTWAIT));
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return;
      stop(4, "cannot send: %s", std::strerror(errno));
    }
    connection.sent += static_cast<std::size_t>(sent);
  }
}

// Reads once; false if nothing is left to read now. A finished reply starts the next request, whose
// own reply is a new event.
bool Load::receive(Connection& connection) {
  auto& buffer = connection.buffer;
  if (connection.have == buffer.size()) buffer.resize(buffer.size() * 2);
  const ssize_t got = recv(connection.fd, buffer.data() + connection.have,
                           buffer.size() - connection.have, blocking_ ? 0 : MSG_DONTWAIT);
  if (got == 0) stop(4, "the emulator closed the connection");
  if (got < 0) {
    if (errno == EINTR || errno == EAGAIN) return false;
    stop(4, "cannot read: %s", std::strerror(errno));
  }
  connection.have += static_cast<std::size_t>(got);
  if (connection.head == 0) read_head(connection);
  if (connection.head == 0 || connection.have < connection.head + connection.length) return true;
  finish(connection);
  return false;
}

void Load::read_head(Connection& connection) {
  const std::string_view seen(connection.buffer.data(), connection.have);
  const auto end = seen.find("\r\n\r\n");
  if (end == std::string_view::npos) return;
  connection.head = end + 4;
  connection.good = seen.starts_with("HTTP/1.1 200 ");
  bool length_known = false;
  for (auto at = seen.find("\r\n"); at < end; at = seen.find("\r\n", at + 2)) {
    const std::string_view line = seen.substr(at + 2, seen.find("\r\n", at + 2) - at - 2);
    if (is_header(line, "content-length:")) {
      connection.length = std::strtoul(line.data() + 15, nullptr, 10);
      length_known = true;
    } else if (is_header(line, "x-amz-function-error:")) {
      connection.good = false;
    }
  }
  if (!length_known) stop(4, "a reply has no Content-Length");
  if (connection.length != options_.body.size()) connection.good = false;
  connection.buffer.reserve(connection.head + connection.length);
}

void Load::finish(Connection& connection) {
  const auto now = Clock::now();
  if (connection.have > connection.head + connection.length) {
    stop(4, "more bytes came than the reply's Content-Length says");
  }
  const std::string_view body(connection.buffer.data() + connection.head, connection.length);
  if (phase_ == Phase::warm_up && body != options_.body) connection.good = false;
  if (!connection.good && errors_++ == 0) {
    std::fprintf(stderr, "bench_load: the first bad reply: %.*s\n",
                 static_cast<int>(std::min<std::size_t>(connection.have, 600)),
                 connection.buffer.data());
  }
  if (phase_ == Phase::measured) latencies_.push_back((now - connection.start).count());
  connection.busy = false;
  --left_to_finish_;
  if (!blocking_) start(connection);
}

// Nearest rank: the smallest sample that at least `share` of all samples do not exceed.
double Load::percentile_us(double share) const {
  const auto rank =
      static_cast<std::size_t>(std::ceil(share * static_cast<double>(latencies_.size())));
  return static_cast<double>(latencies_[std::max<std::size_t>(rank, 1) - 1]) / 1e3;
}

void Load::write_samples() const {
  std::FILE* file = std::fopen(options_.samples_file.c_str(), "w");
  if (file == nullptr) {
    stop(4, "cannot write %s: %s", options_.samples_file.c_str(), std::strerror(errno));
  }
  for (const auto ns : latencies_)
    std::fprintf(file, "%lld\n", static_cast<long long>(ns));
  if (std::fclose(file) != 0) {
    stop(4, "cannot write %s: %s", options_.samples_file.c_str(), std::strerror(errno));
  }
}

}  // namespace bench
