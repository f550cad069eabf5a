// What the connections of one I/O thread share: nothing stays in it between two events, and memory
// that was used a moment ago is still in the cache, whichever connection it was used for. Scratch
// belongs to the read_available() that fills it until that returns. Private to this room.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "emulator/net/http_server.hpp"

namespace coldframe::http {

struct Shared {
  ~Shared();
  std::vector<char> scratch = std::vector<char>(256 * 1024);
  std::string head;                                  // of a reply
  std::string fields;                                // of a reply that was sent
  std::vector<std::unique_ptr<Exchange>> exchanges;  // spare ones
};

// Of the calling thread. Precondition: the thread is not at its end.
Shared& shared();

}  // namespace coldframe::http
