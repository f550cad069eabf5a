// Networks whose sandbox has gone and left no trace in them: the next one may have them. Making and
// ending one takes 1.4 ms of CPU, and the kernel interrupts everybody for it.
//
//   auto network = spares.get(task_root, true);   // a clean one with a hole, if there is, else new
//   if (!network->hole) …                    // it is new: dig one
//   network->idle = network_state(network->name_space.fd.get());
//   …                                        // when nobody is left in its sandbox:
//   spares.put(std::move(*network));
//
// Clean is what looks as before its first sandbox: no socket but the listeners, none that waits for
// its last packets (the next function could not listen at its port), no device of a way out. What
// the function could have changed otherwise needs privileges that it has not.
// For a process of one thread.
#pragma once

#include <list>
#include <optional>
#include <string>

#include "emulator/base/error.hpp"
#include "emulator/sandbox/black_hole.hpp"
#include "emulator/sandbox/net_namespace.hpp"

namespace coldframe {

struct SandboxNetwork {
  std::string task_root;  // whose it is
  NetNamespace name_space;
  std::optional<BlackHole> hole;
  std::string idle;  // its state when nobody was in it; empty: not known, and then not given on
};

// What is in a network, in one line of numbers; empty: it cannot be told. 0.05 ms.
std::string network_state(int name_space);

class SpareNetworks {
 public:
  // A new one has no hole and no `idle`. Errors: as NetNamespace::create().
  Result<SandboxNetwork> get(const std::string& task_root, bool with_hole);
  void put(SandboxNetwork network);
  void clear() { networks_.clear(); }

 private:
  std::list<SandboxNetwork> networks_;  // the latest first
};

}  // namespace coldframe
