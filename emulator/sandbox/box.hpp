// One strict sandbox as the I/O thread sees it: it is asked for, its seed gets ready, a runtime
// runs in it, all are killed, it is closed. Private to strict_sandbox.cpp and sandbox_trial.cpp.
//
//   auto box = std::make_shared<Box>(io, offload, log, server.requests(), observer);
//   box->prepare(plan, join_fds, [&](Result<std::vector<UniqueFd>> listeners) { … });
//   auto runtime = box->launch(spec, events);
//   box->kill_all([] { … });  …  box->close([] { … });
//
// Whoever waits for it waits for a bounded time: a box whose processes do not do what they are to
// within the patience is lost. Shared with the callbacks of the loop, which may outlive the
// environment.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "emulator/base/clock.hpp"
#include "emulator/base/error.hpp"
#include "emulator/base/fd_writer.hpp"
#include "emulator/base/offload.hpp"
#include "emulator/process/runtime_process.hpp"
#include "emulator/sandbox/box_observer.hpp"
#include "emulator/sandbox/boxed_runtime.hpp"
#include "emulator/sandbox/init_protocol.hpp"
#include "emulator/sandbox/message.hpp"
#include "emulator/sandbox/sandbox_requests.hpp"
#include "emulator/sandbox/strict_sandbox.hpp"

namespace coldframe {

struct BoxPatience {
  std::chrono::milliseconds ready = std::chrono::seconds(30);  // a seed, once it has been forked
  std::chrono::milliseconds kill = std::chrono::seconds(10);   // after SIGKILL to all inside
};

class Box : public std::enable_shared_from_this<Box> {
 public:
  using Ready = std::function<void(Result<std::vector<UniqueFd>>)>;

  Box(boost::asio::io_context& io, Offload& offload, TextSink& log, SandboxRequests& server,
      std::shared_ptr<BoxObserver> observer, BoxPatience patience = {})
      : io_(io),
        offload_(offload),
        log_(log),
        server_(server),
        observer_(std::move(observer)),
        patience_(patience),
        timer_(io),
        control_(io),
        start_(io),
        init_(io) {}

  void prepare(const SandboxPlan& plan, const std::vector<int>& join_fds, Ready ready);
  // What prepare() was asked for is not wanted any more.
  void forget_prepare() { ready_ = nullptr; }
  std::shared_ptr<BoxedRuntime> launch(const ProcessSpec& spec, ProcessEvents& events);
  // `gone` is called once, not from inside this call.
  void kill_all(std::function<void()> gone);
  // To the process group of one that runs.
  void signal(const BoxedRuntime& process, int number);
  void suspend() { tell_init(InitMessage::suspend); }
  void resume() { tell_init(InitMessage::resume); }
  // Everybody inside ends, and it is of no use any more. `why` is told to whoever waits.
  void lose(const std::string& why);
  void close(std::function<void()> done);
  // A TCP socket, not connected, of its network. Error: it has none, or is lost.
  void open_socket(SandboxRequests::GotSocket done);
  // Nobody listens any more: everything inside ends.
  void abandon();

  bool lost() const { return lost_; }
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

  bool open_sockets(UniqueFd& control, UniqueFd& start);
  void on_created(Result<CreatedSandbox> made);
  void fork_seed();
  void want_seed();
  void on_begun(const BoxedRuntime* process);
  void check_ready();
  void fail(const std::string& why);
  void read_control();
  void read_start();
  void on_control(const Message& message);
  void on_exited(std::int64_t inside, int native, std::int64_t peak);
  void on_ended();
  void tell_init(InitMessage order);
  void end_init();
  void release();
  void dispose(CreatedSandbox made);
  void expect(std::chrono::milliseconds patience, const char* what);
  // To cancel would not recall what is about to be called.
  void expect_nothing() { timer_.expires_at(boost::asio::steady_timer::time_point::max()); }
  // Told to end: its sockets close before all inside have ended; that they have, its pidfd tells.
  bool is_ending() const { return done_ && init_.is_open(); }
  template <typename Handler>
  void wait(Stream& stream, Handler handler);

  boost::asio::io_context& io_;
  Offload& offload_;
  TextSink& log_;
  SandboxRequests& server_;
  std::shared_ptr<BoxObserver> observer_;
  BoxPatience patience_;
  boost::asio::steady_timer timer_;  // of what is expected now
  Stream control_;
  Stream start_;
  Stream init_;  // a copy of the pidfd: nobody is left inside
  std::optional<CreatedSandbox> made_;
  std::int64_t tmp_free_when_empty_ = 0;
  std::int64_t request_ = 0;  // 0: the server has not been asked
  bool lost_ = false;         // the init is gone, or was never there: of no use any more
  bool closed_ = false;
  Seed seed_ = Seed::none;
  bool seed_is_old_ = false;  // forked for an earlier prepare()
  SeedNumbers seed_numbers_;
  Duration seed_joining_{};
  Ready ready_;
  std::vector<std::function<void()>> gone_;
  std::function<void()> done_;
  std::vector<std::shared_ptr<BoxedRuntime>> running_;  // while they are alive
  // Whose order has not been read yet, by all that we know: another seed would take it.
  const BoxedRuntime* unread_ = nullptr;
  bool seed_is_wanted_ = false;  // once it has been read
};

}  // namespace coldframe
