// Stops an environment between invokes, as Lambda does: what it leaves running when it answers goes
// on only with its next event.
//
//   Freezer freezer(timers, clock, freezing, config.name, *limits);
//   freezer.rest(*process, true);  // after the answer; frozen some 2 ms later, if nothing comes
//   freezer.wake();                // before the event; at once, and nothing if it was not frozen
//   freezer.forget();              // it is being killed, stopped or not
//
// By the limits back-end where it can, which reaches every process; else by SIGSTOP to the
// process group, which may end some of its system calls with EINTR (signal(7)) and does not reach
// who has left the group. The wait keeps a busy environment from being stopped and started between
// invokes that follow each other; meanwhile it is seen whether the function still works. If so, it
// is looked at again 100 ms later, before it is frozen and told of: threads of a pool only wait.
// I/O thread only.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "emulator/base/lazy_timer.hpp"
#include "emulator/limits/limits_backend.hpp"
#include "emulator/process/runtime_process.hpp"

namespace coldframe {

// The choice of a run, and the functions that have been told of.
struct Freezing {
  bool on = false;
  std::function<void(const std::string& line)> tell{};  // "coldframe: note: …\n"
  std::set<std::string> told{};                         // or given up
  std::set<std::string> said{};                         // told indeed
  // At a function that worked just after its answer.
  struct Looks {
    int again = 0;
    int stopped = 0;  // by then it did not any more
    int states = 0;   // rests in which its threads were asked
  };
  std::map<std::string, Looks> looks{};
};

class Freezer {
 public:
  // All outlive it.
  Freezer(Timers& timers, const Clock& clock, Freezing& freezing, const std::string& function,
          EnvironmentLimits& limits);

  // How many processes it is made of before any event.
  void begin();
  // `process` until forget(). `watch`: it has just answered; say if it goes on working.
  void rest(RuntimeProcess& process, bool watch);
  void wake() {
    if (process_ != nullptr) end_rest();
  }
  void forget();
  bool frozen() const { return frozen_; }

 private:
  void on_timer();
  void end_rest();
  bool look_again();
  void tell(const std::string& what);

  const Clock& clock_;
  Freezing& freezing_;
  const std::string& function_;
  EnvironmentLimits& limits_;
  LazyTimer timer_;
  RuntimeProcess* process_ = nullptr;  // while it rests
  std::size_t processes_at_first_ = 0;
  std::optional<Duration> cpu_seen_;  // at the first look of this rest
  bool working_seen_ = false;         // a thread was, at that look
  bool looked_again_ = false;         // in this rest
  bool watch_ = false;
  bool frozen_ = false;
  bool by_limits_ = false;
};

}  // namespace coldframe
