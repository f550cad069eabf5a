#include "emulator/sandbox/black_hole.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "emulator/sandbox/rtnetlink.hpp"
#include "emulator/sandbox/side_process.hpp"

namespace coldframe {
namespace {

constexpr const char* k_device = "vinternal_1";
constexpr int k_packets_a_call = 500;

int open_tun(int& fd) {
  fd = ::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return errno;
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  std::strncpy(request.ifr_name, k_device, sizeof request.ifr_name - 1);
  return ::ioctl(fd, TUNSETIFF, &request) == 0 ? 0 : errno;
}

int route_v4(RtNetlink& net, int device) {
  in_addr address{};
  ::inet_pton(AF_INET, "169.254.76.1", &address);
  if (const int error_number = net.add_address(device, address, 23); error_number != 0) {
    return error_number;
  }
  return net.add_default_route(AF_INET, device);
}

// Where IPv6 is switched off, connects fail at once, as they would on such a host.
void route_v6(RtNetlink& net, int device) {
  in6_addr address{};
  ::inet_pton(AF_INET6, "fd00::1", &address);
  if (net.add_address(device, address, 64) == 0) net.add_default_route(AF_INET6, device);
}

int dig(int network, SideReport& report) {
  report.step = "setns";
  if (::setns(network, CLONE_NEWNET) != 0) return errno;
  report.step = "/dev/net/tun";
  if (const int error_number = open_tun(report.fds[0]); error_number != 0) return error_number;
  report.step = "device vinternal_1";
  const auto device = static_cast<int>(::if_nametoindex(k_device));
  if (device == 0) return errno;
  RtNetlink net;
  if (const int error_number = net.open(); error_number != 0) return error_number;
  if (const int error_number = net.set_up(device); error_number != 0) return error_number;
  report.step = "default route";
  if (const int error_number = route_v4(net, device); error_number != 0) return error_number;
  route_v6(net, device);
  return 0;
}

}  // namespace

Result<BlackHole> BlackHole::create(int network) {
  auto fds = run_beside("no network that leads nowhere",
                        [network](SideReport& report) { return dig(network, report); });
  if (!fds) return fds.error();
  return BlackHole(std::move((*fds)[0]));
}

void BlackHole::empty() {
  std::byte packet[2048];
  for (int i = 0; i < k_packets_a_call; ++i)
    if (::read(tun_.get(), packet, sizeof packet) <= 0 && errno != EINTR) return;
}

bool BlackHole::read_attempts(int fd, AttemptList& attempts) {
  std::byte packet[2048];  // no more than the device's MTU of 1500 comes
  for (int i = 0; i < k_packets_a_call; ++i) {
    const ssize_t got = ::read(fd, packet, sizeof packet);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    attempts.add({packet, static_cast<std::size_t>(got)});
  }
  return true;
}

}  // namespace coldframe
