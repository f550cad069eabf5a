// A run that a signal asked to end, as errors carry it: exit code 128 + n.
//
//   if (int signal = signal_of(error); signal != 0) say("interrupted by " + signal_text(signal));
#pragma once

#include <csignal>
#include <string>

#include "emulator/base/error.hpp"

namespace coldframe {

// 0: the error is another one.
inline int signal_of(const Error& error) {
  const int above = static_cast<int>(error.code) - static_cast<int>(ExitCode::signal_base);
  return above > 0 ? above : 0;
}

inline std::string signal_text(int number) {
  switch (number) {
    case SIGINT:
      return "SIGINT";
    case SIGTERM:
      return "SIGTERM";
    case SIGHUP:
      return "SIGHUP";
    case SIGQUIT:
      return "SIGQUIT";
    case SIGPIPE:
      return "SIGPIPE (nobody reads standard output)";
    default:
      return "signal " + std::to_string(number);
  }
}

}  // namespace coldframe
