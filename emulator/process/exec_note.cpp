#include "emulator/process/exec_note.hpp"

#include <cstring>

namespace coldframe {

std::string lower_first(std::string text) {
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] + 32);
  return text;
}

LaunchFailure explain(const ExecNote& note, const ProcessSpec& spec) {
  const std::string why = lower_first(std::strerror(note.error_number));
  switch (note.stage) {
    case ExecStage::working_directory:
      return {LaunchFailure::Stage::working_directory,
              "chdir " + spec.working_directory + ": " + why};
    case ExecStage::exec:
      return {LaunchFailure::Stage::entry_point, "fork/exec " + spec.executable + ": " + why};
    default:
      break;
  }
  return {LaunchFailure::Stage::host, "cannot set up the process: " + why};
}

}  // namespace coldframe
