// W38: variables of the image that Lambda replaces, and more of them than it takes.
#include "emulator/base/limits.hpp"
#include "emulator/environment/environment_variables.hpp"
#include "emulator/inspect/look.hpp"

namespace coldframe::inspect {

void check_variables(const Look& look, Findings& out) {
  if (!look.subject.is_image()) return;
  std::string reserved;
  std::size_t bytes = 0;
  for (const auto& [name, value] : look.subject.manifest->config.environment) {
    bytes += name.size() + value.size();
    // AWS's own images set these two, to what Lambda sets them to.
    if ((name == "LAMBDA_TASK_ROOT" && value == "/var/task") ||
        (name == "LAMBDA_RUNTIME_DIR" && value == "/var/runtime")) {
      continue;
    }
    if (is_reserved_variable(name)) reserved += (reserved.empty() ? "" : ", ") + name;
  }
  if (!reserved.empty()) {
    out.push_back(
        {"W38", Severity::warning,
         "ENV sets " + reserved + ", which Lambda sets itself: the function sees Lambda's",
         "config", "take it out of the Dockerfile, or give it a name of its own"});
  }
  if (bytes > limits::k_environment_bytes) {
    out.push_back({"W38", Severity::warning,
                   "ENV has " + std::to_string(bytes) +
                       " bytes; of the function's own variables Lambda takes 4096, and tools that "
                       "copy these there are refused",
                   "config", "put what is long into a file of the image"});
  }
}

}  // namespace coldframe::inspect
