// Signals that would end a command, kept back until what it has made is removed.
//
//   const HeldSignals held;
//   …                                     // in steps
//   if (const int number = pending_signal()) return 128 + number;
//
// For a command without a loop of its own. A child inherits that they are held; one to be ended by
// Ctrl-C calls HeldSignals::let_go() first. One at a time, before threads are started.
#pragma once

#include <csignal>
#include <ctime>

namespace coldframe::cli {

class HeldSignals {
 public:
  HeldSignals() {
    const sigset_t set = ours();
    ::sigprocmask(SIG_BLOCK, &set, &before_);
  }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;
  // One that has come has been obeyed by then.
  ~HeldSignals() {
    const sigset_t set = ours();
    const timespec at_once{};
    while (::sigtimedwait(&set, nullptr, &at_once) > 0) {
    }
    ::sigprocmask(SIG_SETMASK, &before_, nullptr);
  }

  static sigset_t ours() {
    sigset_t set;
    ::sigemptyset(&set);
    for (int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT})
      ::sigaddset(&set, number);
    return set;
  }

 private:
  sigset_t before_{};
};

// One that has come; 0: none has.
inline int pending_signal() {
  sigset_t pending;
  if (::sigpending(&pending) != 0) return 0;
  for (int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
    if (::sigismember(&pending, number) == 1) return number;
  }
  return 0;
}

}  // namespace coldframe::cli
