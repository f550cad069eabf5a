// A sandbox's plan in a message to the sandbox server.
//
//   write_plan(out, plan); …                 read_plan(in) == plan, field by field
#pragma once

#include "emulator/sandbox/message.hpp"
#include "emulator/sandbox/sandbox_plan.hpp"

namespace coldframe {

void write_plan(MessageWriter& out, const SandboxPlan& plan);
// Less than all of it: in.ok() says so.
SandboxPlan read_plan(MessageReader& in);

}  // namespace coldframe
