// The states of an execution environment.
#pragma once

namespace coldframe {

enum class EnvironmentState {
  cold,             // never started
  init,             // first init; 10 s limit
  suppressed_init,  // init again, inside an invoke, under the function timeout
  idle,             // the runtime waits in /next
  busy,             // an event is with the runtime
  draining,         // answered; the runtime has not asked for the next event yet
  reset,            // processes are being killed
  cold_again,       // after a reset: the next invoke starts a suppressed init
  shutdown,
};

constexpr const char* to_text(EnvironmentState state) {
  switch (state) {
    case EnvironmentState::cold:
      return "Cold";
    case EnvironmentState::init:
      return "Init";
    case EnvironmentState::suppressed_init:
      return "SuppressedInit";
    case EnvironmentState::idle:
      return "Idle";
    case EnvironmentState::busy:
      return "Busy";
    case EnvironmentState::draining:
      return "Draining";
    case EnvironmentState::reset:
      return "Reset";
    case EnvironmentState::cold_again:
      return "ColdAgain";
    case EnvironmentState::shutdown:
      return "Shutdown";
  }
  return "";
}

}  // namespace coldframe
