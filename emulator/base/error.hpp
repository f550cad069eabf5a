// Errors of Coldframe itself, as opposed to errors of the emulated function (those are results).
//
//   Result<FunctionConfig> r = load_function("function.json");
//   if (!r) return fail(r.error());          // one sentence and an exit code
//
// An Error carries one sentence for a person (it names the file, key or value and what to do) and
// the exit code that a command ends with when nothing handles it. Value type; any thread.
#pragma once

#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>
#include <utility>

namespace coldframe {

// Exit codes of every command; a promise to users (README.md, Exit codes).
enum class ExitCode : int {
  ok = 0,
  function_failed = 1,  // a function error, a wrong answer, a failed gate
  usage = 2,            // bad flag, unreadable or malformed input; nothing was started
  cannot_start = 3,     // init error, init crash, init timeout
  emulator_failed = 4,  // port in use, no permission, disk full
  inconclusive = 5,     // too few samples, unstable
  awaiting_review = 6,  // goldens await review
  not_supported = 77,   // this host or this version cannot do what was asked
  signal_base = 128,    // + n: ended by signal n
};

struct Error {
  ExitCode code = ExitCode::emulator_failed;
  std::string message;
};

inline Error usage_error(std::string message) { return {ExitCode::usage, std::move(message)}; }
inline Error host_error(std::string message) {
  return {ExitCode::emulator_failed, std::move(message)};
}
inline Error unsupported(std::string message) {
  return {ExitCode::not_supported, std::move(message)};
}

template <typename T>
using Result = boost::system::result<T, Error>;

// Called by Result<T>::value() on an error; commands test first, so reaching it is a bug.
[[noreturn]] inline void throw_exception_from_error(const Error& error,
                                                    const boost::source_location&) {
  throw std::runtime_error(error.message);
}

}  // namespace coldframe
