// The network of one environment: a namespace of its own in which the Runtime API is where it is on
// AWS.
//
//   auto net = NetNamespace::create();
//   … accept on net->link_local_listener and net->loopback_listener …
//   setns(net->fd.get(), CLONE_NEWNET);              // in the environment's first process
//
// Inside are the loopback device, up, with 169.254.100.1 on it, and nothing else. A listener stays
// one of the namespace in which it was made, so connections from inside are accepted outside; every
// environment has the same addresses. The namespace lives as long as a descriptor or process of it.
#pragma once

#include "emulator/base/error.hpp"
#include "emulator/base/unique_fd.hpp"

namespace coldframe {

inline constexpr int k_runtime_api_port = 9001;
inline constexpr const char* k_runtime_api_address = "169.254.100.1";

struct NetNamespace {
  UniqueFd fd;
  // Port 9001, listening, non-blocking, close-on-exec: of 169.254.100.1 and of 127.0.0.1.
  UniqueFd link_local_listener;
  UniqueFd loopback_listener;

  // The caller needs CAP_SYS_ADMIN over its own user namespace, and stays in its own network.
  // Blocks for about a millisecond; one thread at a time (side_process.hpp). Errors (exit code 4)
  // name the step; nothing is left after one.
  static Result<NetNamespace> create();
  // Two new listeners instead of those that were closed; the same errors, and "Address already in
  // use" if somebody has one of the former.
  Result<void> listen();
  void close_listeners();
};

}  // namespace coldframe
