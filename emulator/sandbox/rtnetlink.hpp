// The few things that we ask of the kernel's network configuration, in the namespace of the calling
// thread.
//
//   RtNetlink net;
//   if (int error = net.open(); error != 0) …
//   net.set_up(RtNetlink::k_loopback);
//
// Each call returns 0 or errno and blocks for microseconds. Addresses are in network order. One
// thread at a time.
#pragma once

#include <netinet/in.h>

#include <cstddef>
#include <cstdint>

#include "emulator/base/unique_fd.hpp"

namespace coldframe {

class RtNetlink {
 public:
  static constexpr int k_loopback = 1;  // always the first device of a namespace

  int open();
  int set_up(int device);
  int add_address(int device, in_addr address, int prefix);
  // At once in use, without asking the neighbours whether it is free.
  int add_address(int device, const in6_addr& address, int prefix);
  // `family`: AF_INET or AF_INET6. Everything that has no better route goes there.
  int add_default_route(int family, int device);
  // A new descriptor of the namespace; -1 and errno. Needs no /proc.
  int open_namespace() const;

 private:
  struct Request;
  int ask(Request& request);
  int add_address(int family, int device, const void* address, std::size_t size, int prefix);

  UniqueFd socket_;
  std::uint32_t sequence_ = 0;
};

}  // namespace coldframe
