// Which network a strict sandbox gets (`--network`).
//
//   auto network = choose_network(NetworkMode::open, find_way_out());  // or why that is not
//   possible auto network = choose_network(std::nullopt, find_way_out());       // an open one, or
//   the host's network->mode, network->way_out, network->why_host
#pragma once

#include <optional>
#include <string>

#include "emulator/base/error.hpp"
#include "emulator/sandbox/network_mode.hpp"
#include "emulator/sandbox/way_out.hpp"

namespace coldframe {

struct NetworkInForce {
  NetworkMode mode = NetworkMode::host;
  WayOutProgram way_out;  // of an open one
  std::string why_host;   // what an open one lacks, if it was left to us
};

const char* to_text(NetworkMode mode);  // "open", "none", "host"

// `wanted`: nothing leaves it to us. Tries whether TUN devices are allowed; any thread. Errors
// (exit code 77): an open one is wanted and is not possible; what helps.
Result<NetworkInForce> choose_network(std::optional<NetworkMode> wanted,
                                      const Result<WayOutProgram>& way_out);

}  // namespace coldframe
