// Where a test has telemetry sent: a listener on loopback that keeps what it gets.
//
//   TelemetryReceiver receiver;                         // receiver.port()
//   until([&] { return receiver.read() > 0; });
//   receiver.events()[0]["type"]
//
// HTTP requests are answered with `status`, unless it is told to stay silent. Owned by the test;
// one thread.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "emulator/base/unique_fd.hpp"

namespace coldframe::testing {

class TelemetryReceiver {
 public:
  TelemetryReceiver()
      : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof name;
    auto* address = reinterpret_cast<sockaddr*>(&name);
    if (::bind(listener_.get(), address, size) != 0 || ::listen(listener_.get(), 16) != 0 ||
        ::getsockname(listener_.get(), address, &size) != 0) {
      throw std::runtime_error("cannot listen");
    }
    port_ = ntohs(name.sin_port);
  }
  std::uint16_t port() const { return port_; }

  int status = 200;
  bool silent = false;  // reads, and does not answer

  // Takes what has come by now; returns how many events there are in all.
  std::size_t read() {
    for (int fd = 0;
         (fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;)
      links_.push_back({UniqueFd(fd), ""});
    for (auto& link : links_)
      read(link);
    return events_.size();
  }
  const std::vector<nlohmann::json>& events() const { return events_; }
  std::vector<std::string> types() const {
    std::vector<std::string> out;
    for (const auto& event : events_)
      out.push_back(event["type"]);
    return out;
  }
  // The head of the last request.
  const std::string& head() const { return head_; }
  int requests() const { return requests_; }

 private:
  struct Link {
    UniqueFd fd;
    std::string input;
  };

  void read(Link& link) {
    char room[65536];
    for (ssize_t got = 0; (got = ::recv(link.fd.get(), room, sizeof room, 0)) > 0;)
      link.input.append(room, static_cast<std::size_t>(got));
    if (link.input.starts_with("{")) return read_lines(link);
    const auto end = link.input.find("\r\n\r\n");
    if (end == std::string::npos) return;
    const std::string key = "Content-Length: ";
    const auto size = std::stoul(link.input.substr(link.input.find(key) + key.size()));
    if (link.input.size() < end + 4 + size || silent) return;
    head_ = link.input.substr(0, end);
    ++requests_;
    if (status == 200) {
      for (auto& event : nlohmann::json::parse(link.input.substr(end + 4, size)))
        events_.push_back(event);
    }
    const std::string reply =
        "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: 0\r\n\r\n";
    (void)!::write(link.fd.get(), reply.data(), reply.size());
    link.input.clear();
  }
  void read_lines(Link& link) {
    for (std::size_t end = 0; (end = link.input.find('\n')) != std::string::npos;) {
      events_.push_back(nlohmann::json::parse(link.input.substr(0, end)));
      link.input.erase(0, end + 1);
    }
  }

  UniqueFd listener_;
  std::uint16_t port_ = 0;
  std::vector<Link> links_;
  std::vector<nlohmann::json> events_;
  std::string head_;
  int requests_ = 0;
};

}  // namespace coldframe::testing
