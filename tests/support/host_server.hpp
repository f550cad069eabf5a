// Who a function may try to reach: a listener of the test on every address of the host.
//
//   const HostServer server;                            // server.port
//   connect_to(own_address().c_str(), server.port)
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <string>

#include "emulator/base/unique_fd.hpp"

namespace coldframe::testing {

// Of this host, not loopback; empty if it has none.
inline std::string own_address() {
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return {};
  std::string found;
  for (const auto* at = all; at != nullptr && found.empty(); at = at->ifa_next) {
    if (at->ifa_addr == nullptr || at->ifa_addr->sa_family != AF_INET) continue;
    if ((at->ifa_flags & IFF_LOOPBACK) != 0 || (at->ifa_flags & IFF_UP) == 0) continue;
    char text[INET_ADDRSTRLEN];
    const auto* name = reinterpret_cast<const sockaddr_in*>(at->ifa_addr);
    found = ::inet_ntop(AF_INET, &name->sin_addr, text, sizeof text);
  }
  ::freeifaddrs(all);
  return found;
}

// Listens on every address of the host.
struct HostServer {
  HostServer() : fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    EXPECT_EQ(::listen(fd.get(), 64), 0);
    sockaddr_in name{};
    socklen_t size = sizeof name;
    EXPECT_EQ(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&name), &size), 0);
    port = ntohs(name.sin_port);
  }
  UniqueFd fd;
  int port = 0;
};

}  // namespace coldframe::testing
