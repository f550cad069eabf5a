// What strict sandboxes have seen of their functions, for the end of a command: who was tried to
// reach in a network that leads nowhere, which calls were denied (traced runs), and what the
// sandbox itself could not do.
//
//   auto of_f = findings.of("f");
//   of_f->attempts.add(packet);  of_f->denied.add(call);
//   for (const auto& text : findings.notes(true)) …
//     // "W36: the function tried to reach tcp 192.0.2.1:443; with --network none, …"
//     // "W1: the function was denied, and hid it: open '/var/task/cache.db' for writing"
//
// Numbers as W36 are those of the list of failures that only Lambda shows. Bounded by its lists;
// I/O thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "emulator/sandbox/denied_call.hpp"
#include "emulator/sandbox/packet.hpp"

namespace coldframe {

struct FunctionFindings {
  AttemptList attempts;
  DeniedCalls denied;
};

class SandboxFindings {
 public:
  // Of a function by its name, over all its environments.
  std::shared_ptr<FunctionFindings> of(const std::string& function);

  // A sentence about the sandbox itself; the same again is dropped. `listener` gets it at once, and
  // then notes() does not have it.
  void tell(const std::string& text);
  void on_note(std::function<void(const std::string&)> listener);

  // Whether notes() name somebody whom a function has tried to reach.
  bool has_attempts() const;
  // A sentence each. `ended_well`: no function has failed, so what was denied was hidden.
  // `advised`: functions of whose missing route was told before, with what helps; of those only who
  // was tried is listed.
  std::vector<std::string> notes(bool ended_well, const std::set<std::string>& advised = {}) const;

 private:
  std::map<std::string, std::shared_ptr<FunctionFindings>> functions_;
  std::vector<std::string> told_;
  std::size_t passed_on_ = 0;  // of told_, the first ones
  std::function<void(const std::string&)> listener_;
};

// At most some 250 characters of them, at least one: "tcp 192.0.2.1:443, udp 10.0.0.2:53 and 3
// more".
std::string listed(const AttemptList& attempts);

}  // namespace coldframe
