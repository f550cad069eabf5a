// How a process ended that should have gone on: W17, W21.
#include "emulator/violations/rules.hpp"

namespace coldframe {
namespace {

using Text = std::string_view;

// Go's names of signals, as AWS writes them.
Violation by_signal(const std::string& name) {
  if (name == "segmentation fault" || name == "bus error") {
    return {"W21", "native code crashed (" + name +
                       "): an extension module, or ctypes; PYTHONFAULTHANDLER=1 in "
                       "Environment.Variables has Python print where"};
  }
  if (name == "illegal instruction") {
    return {"W17",
            "an instruction that this CPU lacks (" + name +
                "), and Lambda's may lack: use libraries that are built for every CPU, not with "
                "-march=native or for AVX-512 alone"};
  }
  if (name == "aborted") {
    return {"W21", "native code gave up (" + name +
                       "): what it printed last says why: a failed assertion, a C++ exception, "
                       "memory that was overwritten"};
  }
  if (name == "killed") {
    return {"W21",
            "somebody has killed the process, not for the memory size of the function (that is "
            "Runtime.OutOfMemory): look for kill() in its code, and in dmesg for this host's own "
            "lack of memory"};
  }
  return {"W21", "a signal ended the process (" + name +
                     "): look for who sends it, the function's code, its libraries, or somebody on "
                     "this host"};
}

// A shell's way to tell of a child that a signal has ended: 128 and its number.
std::string signal_of_shell(Text status) {
  struct Signal {
    Text status;
    const char* name;
  };
  constexpr Signal k_signals[] = {
      {"exit status 132", "illegal instruction"}, {"exit status 134", "aborted"},
      {"exit status 135", "bus error"},           {"exit status 137", "killed"},
      {"exit status 139", "segmentation fault"},  {"exit status 143", "terminated"}};
  for (const auto& one : k_signals) {
    if (one.status == status) return one.name;
  }
  return "";
}

}  // namespace

std::optional<Violation> how_it_ended(Text reason) {
  constexpr Text k_signal = "signal: ";
  constexpr Text k_status = "exit status ";
  if (const auto at = reason.find(k_signal); at != Text::npos) {
    return by_signal(std::string(reason.substr(at + k_signal.size())));
  }
  std::string status;
  if (const auto at = reason.find(k_status); at != Text::npos) {
    status = reason.substr(at);
  } else if (reason.ends_with("without providing a reason")) {
    status = "exit status 0";
  } else {
    return std::nullopt;
  }
  if (status == "exit status 126" || status == "exit status 127") {
    return Violation{"W21", "the process ended with " + status + ", a shell's for a program that " +
                                (status.back() == '7' ? "is not there" : "cannot be run")};
  }
  if (const auto name = signal_of_shell(status); !name.empty()) return by_signal(name);
  return Violation{"W21",
                   "the process ended by itself (" + status +
                       ") and was to ask for events for ever: look for sys.exit(), os._exit() and "
                       "process.exit(), and at what it printed last"};
}

}  // namespace coldframe
