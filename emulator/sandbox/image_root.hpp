// The root of an image's sandboxes: its layers, one upon the other, as they are, and nothing of the
// host's.
//
//   auto layers = open_layers(plan);            // while paths of the host still lead there
//   …                                           // private mounts, a new tmpfs as working directory
//   if (auto ok = mount_image(plan, *layers, "store"); !ok) …   // it is the working directory now
//
// /dev and /tmp in it can be written to: what belongs there is put there next; close_image() makes
// /dev read-only. Errors name the step, or what of the image does not allow it.
#pragma once

#include <string>
#include <vector>

#include "emulator/base/error.hpp"
#include "emulator/base/unique_fd.hpp"
#include "emulator/sandbox/sandbox_plan.hpp"

namespace coldframe {

Result<std::vector<UniqueFd>> open_layers(const SandboxPlan& plan);
// `store`: a directory below the working directory for what holds it together.
Result<void> mount_image(const SandboxPlan& plan, const std::vector<UniqueFd>& layers,
                         const std::string& store);
Result<void> close_image();

}  // namespace coldframe
