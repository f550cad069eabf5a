// How a process ended. By code and by signal are different facts: exit 9 is not SIGKILL.
#pragma once

#include <string>

namespace coldframe {

struct ExitStatus {
  enum class How { exited, signaled };
  How how = How::exited;
  int value = 0;  // exit code or signal number

  static ExitStatus exited(int code) { return {How::exited, code}; }
  static ExitStatus signaled(int number) { return {How::signaled, number}; }
  // From the integer that waitpid(2) fills in.
  static ExitStatus from_wait(int native);
  bool operator==(const ExitStatus&) const = default;
};

// Go's lower-case signal names, which AWS's texts use: "killed", "segmentation fault".
std::string signal_name(int number);

// "Runtime exited without providing a reason" | "Runtime exited with error: exit status 1" |
// "Runtime exited with error: signal: killed". Source: recorded answers of AWS, 2025-11.
std::string exit_reason(const ExitStatus& status);

}  // namespace coldframe
