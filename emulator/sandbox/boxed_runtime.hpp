// A runtime, or an extension, in a strict sandbox, one life of it: what it prints, how its exec
// went, how it ended. Private to box.cpp and strict_sandbox.cpp.
//
//   auto runtime = std::make_shared<BoxedRuntime>(io, log, spec, events, numbers);
//   runtime->start(seed_socket, [] { … });     // a failure comes as an event, not from inside this
//   runtime->on_exit(status, peak);            // what the init has told; or on_lost("…")
//
// Shared with the callbacks of the loop. I/O thread only; no call blocks.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "emulator/base/fd_writer.hpp"
#include "emulator/process/child_output.hpp"
#include "emulator/process/exec_report.hpp"
#include "emulator/process/runtime_process.hpp"

namespace coldframe {

// Of a process: its number for us, and the one inside.
struct SeedNumbers {
  pid_t outside = 0;
  std::int64_t inside = 0;
};

class BoxedRuntime : public std::enable_shared_from_this<BoxedRuntime> {
 public:
  BoxedRuntime(boost::asio::io_context& io, TextSink& log, ProcessSpec spec, ProcessEvents& events,
               SeedNumbers numbers);

  // Tells the seed with those numbers to become it. `begun` is called once, when that has read its
  // order or will not any more: before that another seed might read it.
  void start(int seed_socket, std::function<void()> begun);
  // `native`: as of waitpid(2); `peak` of memory, bytes.
  void on_exit(int native, std::int64_t peak);
  void on_lost(const std::string& why);
  // It is being killed: neither its end nor a failure is told any more.
  void end() { ending_ = true; }
  // Nobody listens any more.
  void forget();

  const SeedNumbers& numbers() const { return numbers_; }
  ChildOutput& output() { return output_; }
  std::optional<FinalMemory> final_memory() const;

 private:
  void fail_later(std::string why);
  bool heard() const { return events_ != nullptr && !ending_; }

  boost::asio::io_context& io_;
  ProcessSpec spec_;
  ProcessEvents* events_;
  SeedNumbers numbers_;
  ChildOutput output_;
  ExecReport exec_report_;
  bool ending_ = false;
  bool launch_failed_ = false;
  std::int64_t peak_ = 0;
};

}  // namespace coldframe
