// A way out that leads nowhere: connects hang, as in a VPC without a route to the internet, and can
// be told.
//
//   auto hole = BlackHole::create(net.fd.get());
//   AttemptList attempts;
//   hole->read(attempts);                 // now and then, and at the end
//
// A TUN device in the namespace, vinternal_1 with 169.254.76.1 as on Lambda, takes the default
// route (of IPv6 too where the kernel has it); what goes in is read here and never answered: no
// RST, no ICMP. Loopback addresses do not go there. While this lives the namespace stays, and
// without it there is no route. Packets that nobody reads, beyond 500, are lost.
#pragma once

#include "emulator/base/error.hpp"
#include "emulator/base/unique_fd.hpp"
#include "emulator/sandbox/packet.hpp"

namespace coldframe {

// Lambda's resolver, for /etc/resolv.conf: nobody is there, so the questions are told too.
inline constexpr const char* k_lambda_resolver = "169.254.78.1";

class BlackHole {
 public:
  // `network`: a namespace's descriptor. The caller needs CAP_SYS_ADMIN over the user namespace
  // that owns it. One thread at a time (side_process.hpp). Errors (exit code 4) name the step:
  // there may be no /dev/net/tun.
  static Result<BlackHole> create(int network);

  // Readable if somebody tries to get out. Non-blocking.
  int fd() const { return tun_.get(); }
  // Takes what waits, at most 500 packets a call. True: there may be more.
  bool read(AttemptList& attempts) { return read_attempts(tun_.get(), attempts); }
  // The same with a descriptor that was passed to another process.
  static bool read_attempts(int fd, AttemptList& attempts);
  // Forgets what waits.
  void empty();

 private:
  explicit BlackHole(UniqueFd tun) : tun_(std::move(tun)) {}
  UniqueFd tun_;
};

}  // namespace coldframe
