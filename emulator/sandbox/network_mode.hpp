// What a strict sandbox has of a network (`--network`).
#pragma once

namespace coldframe {

enum class NetworkMode {
  open,  // an own network with a way out
  none,  // an own network, and connects hang
  host,  // the host's
};

}  // namespace coldframe
