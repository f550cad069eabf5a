#include "emulator/sandbox/net_namespace.hpp"

#include <arpa/inet.h>
#include <sched.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "emulator/sandbox/rtnetlink.hpp"
#include "emulator/sandbox/side_process.hpp"

namespace coldframe {
namespace {

enum Slot { k_namespace, k_link_local, k_loopback };

int listen_at(in_addr address, int& fd) {
  fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  const int on = 1;
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(k_runtime_api_port);
  name.sin_addr = address;
  const bool listens = ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
                       ::bind(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0 &&
                       ::listen(fd, SOMAXCONN) == 0;
  return listens ? 0 : errno;
}

in_addr link_local_address() {
  in_addr link_local{};
  ::inet_pton(AF_INET, k_runtime_api_address, &link_local);
  return link_local;
}

int listen_at_both(SideReport& report) {
  report.step = "listening on 169.254.100.1:9001";
  if (const int error_number = listen_at(link_local_address(), report.fds[k_link_local]);
      error_number != 0) {
    return error_number;
  }
  report.step = "listening on 127.0.0.1:9001";
  return listen_at({htonl(INADDR_LOOPBACK)}, report.fds[k_loopback]);
}

int furnish(SideReport& report) {
  report.step = "unshare";
  if (::unshare(CLONE_NEWNET) != 0) return errno;
  report.step = "rtnetlink";
  RtNetlink net;
  if (const int error_number = net.open(); error_number != 0) return error_number;
  report.step = "its descriptor";
  report.fds[k_namespace] = net.open_namespace();
  if (report.fds[k_namespace] < 0) return errno;
  report.step = "loopback device";
  if (const int error_number = net.set_up(RtNetlink::k_loopback); error_number != 0) {
    return error_number;
  }
  report.step = "address 169.254.100.1";
  if (const int error_number = net.add_address(RtNetlink::k_loopback, link_local_address(), 32);
      error_number != 0) {
    return error_number;
  }
  return listen_at_both(report);
}

}  // namespace

Result<NetNamespace> NetNamespace::create() {
  auto fds = run_beside("no network of its own", furnish);
  if (!fds) return fds.error();
  NetNamespace made;
  made.fd = std::move((*fds)[k_namespace]);
  made.link_local_listener = std::move((*fds)[k_link_local]);
  made.loopback_listener = std::move((*fds)[k_loopback]);
  return made;
}

Result<void> NetNamespace::listen() {
  auto fds = run_beside("no listener in a network", [this](SideReport& report) {
    report.step = "setns";
    if (::setns(fd.get(), CLONE_NEWNET) != 0) return errno;
    return listen_at_both(report);
  });
  if (!fds) return fds.error();
  link_local_listener = std::move((*fds)[k_link_local]);
  loopback_listener = std::move((*fds)[k_loopback]);
  return {};
}

void NetNamespace::close_listeners() {
  link_local_listener.reset();
  loopback_listener.reset();
}

}  // namespace coldframe
