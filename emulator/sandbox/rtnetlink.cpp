#include "emulator/sandbox/rtnetlink.hpp"

#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace coldframe {

// A header, a fixed part and attributes, as the kernel wants them aligned.
struct RtNetlink::Request {
  Request(int type, int flags) {
    header().nlmsg_len = NLMSG_HDRLEN;
    header().nlmsg_type = static_cast<__u16>(type);
    header().nlmsg_flags = static_cast<__u16>(NLM_F_REQUEST | NLM_F_ACK | flags);
  }
  nlmsghdr& header() { return *reinterpret_cast<nlmsghdr*>(bytes); }
  template <typename T>
  void body(const T& value) {
    std::memcpy(bytes + NLMSG_HDRLEN, &value, sizeof value);
    header().nlmsg_len = static_cast<__u32>(NLMSG_LENGTH(sizeof value));
  }
  void attribute(int type, const void* data, std::size_t size) {
    const std::size_t at = NLMSG_ALIGN(header().nlmsg_len);
    rtattr attribute{};
    attribute.rta_type = static_cast<unsigned short>(type);
    attribute.rta_len = static_cast<unsigned short>(RTA_LENGTH(size));
    std::memcpy(bytes + at, &attribute, sizeof attribute);
    std::memcpy(bytes + at + RTA_LENGTH(0), data, size);
    header().nlmsg_len = static_cast<__u32>(at + attribute.rta_len);
  }
  alignas(nlmsghdr) char bytes[256] = {};
};

int RtNetlink::open() {
  socket_.reset(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  return socket_ ? 0 : errno;
}

int RtNetlink::ask(Request& request) {
  request.header().nlmsg_seq = ++sequence_;
  const std::size_t size = request.header().nlmsg_len;
  if (::send(socket_.get(), request.bytes, size, 0) != static_cast<ssize_t>(size)) return errno;
  alignas(nlmsghdr) char reply[4096];
  for (;;) {
    const ssize_t got = ::recv(socket_.get(), reply, sizeof reply, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    if (static_cast<std::size_t>(got) < NLMSG_LENGTH(sizeof(nlmsgerr))) return EBADMSG;
    nlmsghdr header{};
    nlmsgerr answer{};
    std::memcpy(&header, reply, sizeof header);
    std::memcpy(&answer, reply + NLMSG_HDRLEN, sizeof answer);
    if (header.nlmsg_type == NLMSG_ERROR && header.nlmsg_seq == sequence_) return -answer.error;
  }
}

int RtNetlink::set_up(int device) {
  Request request(RTM_NEWLINK, 0);
  ifinfomsg info{};
  info.ifi_index = device;
  info.ifi_flags = IFF_UP;
  info.ifi_change = IFF_UP;
  request.body(info);
  return ask(request);
}

int RtNetlink::add_address(int family, int device, const void* address, std::size_t size,
                           int prefix) {
  Request request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
  ifaddrmsg info{};
  info.ifa_family = static_cast<__u8>(family);
  info.ifa_prefixlen = static_cast<__u8>(prefix);
  info.ifa_flags = family == AF_INET6 ? IFA_F_NODAD : 0;
  info.ifa_scope = device == k_loopback ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;
  info.ifa_index = static_cast<__u32>(device);
  request.body(info);
  request.attribute(IFA_LOCAL, address, size);
  request.attribute(IFA_ADDRESS, address, size);
  return ask(request);
}

int RtNetlink::add_address(int device, in_addr address, int prefix) {
  return add_address(AF_INET, device, &address, sizeof address, prefix);
}

int RtNetlink::add_address(int device, const in6_addr& address, int prefix) {
  return add_address(AF_INET6, device, &address, sizeof address, prefix);
}

int RtNetlink::add_default_route(int family, int device) {
  Request request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
  rtmsg info{};
  info.rtm_family = static_cast<unsigned char>(family);
  info.rtm_table = RT_TABLE_MAIN;
  info.rtm_protocol = RTPROT_BOOT;
  info.rtm_scope = family == AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  info.rtm_type = RTN_UNICAST;
  request.body(info);
  request.attribute(RTA_OIF, &device, sizeof device);
  return ask(request);
}

int RtNetlink::open_namespace() const { return ::ioctl(socket_.get(), SIOCGSKNS); }

}  // namespace coldframe
