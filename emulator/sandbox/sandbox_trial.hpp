// Whether a strict sandbox can be made on this host, by making one, with a network that leads
// nowhere and a process that waits in it.
//
//   auto server = SandboxServer::start(user_cache_directory());
//   auto trial = try_sandbox(**server);           // some 20 ms
//   trial->tmp_note                               // why /tmp is not on a disk; empty: it is
//
// Blocks, for 10 s at most; call it before starting threads, and instead of attach().
#pragma once

#include <string>

#include "emulator/base/clock.hpp"
#include "emulator/base/error.hpp"
#include "emulator/sandbox/sandbox_server.hpp"

namespace coldframe {

struct SandboxTrial {
  Duration took{};
  std::string tmp_note;   // as in CreatedSandbox
  std::string hole_note;  // likewise
};

// Nothing is left of it. Errors (exit code 4): none could be made; why.
Result<SandboxTrial> try_sandbox(SandboxServer& server);

}  // namespace coldframe
