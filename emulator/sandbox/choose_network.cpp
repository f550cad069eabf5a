#include "emulator/sandbox/choose_network.hpp"

#include <fcntl.h>

#include <cerrno>
#include <cstring>

#include "emulator/base/unique_fd.hpp"

namespace coldframe {
namespace {

Result<void> try_tun() {
  const UniqueFd tun(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
  if (tun) return {};
  const bool closed = errno == EACCES;
  return unsupported(std::string("no way out of the sandbox: cannot open /dev/net/tun: ") +
                     std::strerror(errno) +
                     (closed ? "; sudo chmod 0666 /dev/net/tun, as many distributions have it"
                             : "; sudo modprobe tun, or give the container that device"));
}

}  // namespace

const char* to_text(NetworkMode mode) {
  switch (mode) {
    case NetworkMode::open:
      return "open";
    case NetworkMode::none:
      return "none";
    case NetworkMode::host:
      break;
  }
  return "host";
}

Result<NetworkInForce> choose_network(std::optional<NetworkMode> wanted,
                                      const Result<WayOutProgram>& way_out) {
  NetworkInForce chosen;
  chosen.mode = wanted.value_or(NetworkMode::open);
  if (chosen.mode != NetworkMode::open) return chosen;
  const auto tun = way_out ? try_tun() : Result<void>(way_out.error());
  if (!tun && wanted) return tun.error();
  if (tun) {
    chosen.way_out = *way_out;
  } else {
    chosen.mode = NetworkMode::host;
    chosen.why_host = tun.error().message;
  }
  return chosen;
}

}  // namespace coldframe
