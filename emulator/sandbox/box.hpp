// One strict sandbox as the I/O thread sees it: it is asked for, its seed gets ready, a runtime
// runs in it, all are killed, it is closed. Private to strict_sandbox.cpp.
//
// Shared with the callbacks of the loop, which may outlive the environment.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "emulator/base/clock.hpp"
#include "emulator/base/error.hpp"
#include "emulator/base/fd_writer.hpp"
#include "emulator/base/offload.hpp"
#include "emulator/process/child_output.hpp"
#include "emulator/process/runtime_process.hpp"
#include "emulator/sandbox/box_observer.hpp"
#include "emulator/sandbox/message.hpp"
#include "emulator/sandbox/sandbox_server.hpp"
#include "emulator/sandbox/strict_sandbox.hpp"

namespace coldframe {

class Box : public std::enable_shared_from_this<Box> {
 public:
  using Ready = std::function<void(Result<std::vector<UniqueFd>>)>;

  Box(boost::asio::io_context& io, Offload& offload, TextSink& log, SandboxServer& server,
      std::shared_ptr<BoxObserver> observer)
      : io_(io),
        offload_(offload),
        log_(log),
        server_(server),
        observer_(std::move(observer)),
        control_(io),
        start_(io),
        init_(io),
        exec_report_(io) {}

  void prepare(const SandboxPlan& plan, const std::vector<int>& join_fds, Ready ready);
  void launch(const ProcessSpec& spec, ProcessEvents& events);
  void kill_all(std::function<void()> gone);
  void tell_init(std::int64_t order);
  void close(std::function<void()> done);
  // Nobody listens any more: everything inside ends.
  void abandon();
  void forget_process();

  bool lost() const { return lost_; }
  pid_t pid() const { return runtime_pid_; }
  ChildOutput* output() { return output_ ? &*output_ : nullptr; }
  std::optional<FinalMemory> final_memory() const;
  std::optional<std::int64_t> tmp_used_bytes() const;
  // Why its /tmp is not on a disk; empty: it is, or nothing has been made.
  std::string tmp_note() const { return made_ ? made_->tmp_note : ""; }
  // Hears, once, why the network lets connects fail where it should let them hang.
  std::function<void(const std::string&)> on_hole_note;
  // The same, why its /tmp is in memory.
  std::function<void(const std::string&)> on_tmp_note;
  // Hears of each process that is ready to become a runtime.
  std::function<void(const SandboxTimes&)> on_ready;

 private:
  using Stream = boost::asio::posix::stream_descriptor;
  enum class Seed { none, forked, ready };

  void on_created(Result<CreatedSandbox> made);
  void check_ready();
  void fail(const std::string& why);
  void lose(const std::string& why);
  void read_control();
  void read_start();
  void read_exec_report();
  void on_control(const Message& message);
  void on_exit(int native);
  void fail_later(std::string why);
  void end_init();
  void release();
  template <typename Handler>
  void wait(Stream& stream, Handler handler);

  boost::asio::io_context& io_;
  Offload& offload_;
  TextSink& log_;
  SandboxServer& server_;
  std::shared_ptr<BoxObserver> observer_;
  Stream control_;
  Stream start_;
  Stream init_;  // a copy of the pidfd: nobody is left inside
  std::optional<CreatedSandbox> made_;
  std::int64_t tmp_free_when_empty_ = 0;
  bool asked_ = false;  // the server has been
  bool lost_ = false;   // the init is gone, or was never there: of no use any more
  bool closed_ = false;
  Seed seed_ = Seed::none;
  std::int64_t seed_inside_ = 0;  // its number inside
  pid_t seed_pid_ = 0;
  Duration seed_joining_{};
  Ready ready_;
  std::function<void()> gone_;
  std::function<void()> done_;

  // The runtime
  ProcessSpec spec_;
  ProcessEvents* events_ = nullptr;
  std::optional<ChildOutput> output_;
  Stream exec_report_;
  pid_t runtime_pid_ = 0;
  std::int64_t runtime_inside_ = 0;  // 0: none is alive
  bool launch_failed_ = false;
  std::int64_t inherited_peak_ = 0;
  std::int64_t peak_ = 0;
};

}  // namespace coldframe
