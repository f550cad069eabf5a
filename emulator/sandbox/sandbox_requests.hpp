// The emulator's end of the socket to the sandbox server: asks for sandboxes, and hears what became
// of them. The server makes one after the other, so many may have to wait: at most 32 are under way
// at once, which is fewer than a socket holds, and the rest wait here.
//
//   SandboxRequests requests(std::move(socket), 30s);
//   requests.attach(io);
//   const auto number = requests.create(plan, std::move(control), std::move(start), join_fds,
//                                       [](Result<CreatedSandbox> made) { … });
//   requests.withdraw(number);                         // true: it had not been asked for yet
//
// Each request is answered once, in the order they came, never from inside create(): with a
// sandbox; or with a host error (exit code 4) if it cannot be made, the server has ended, or has
// not answered within the patience. I/O thread only; no call blocks.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "emulator/base/clock.hpp"
#include "emulator/base/error.hpp"
#include "emulator/base/unique_fd.hpp"
#include "emulator/sandbox/message.hpp"
#include "emulator/sandbox/sandbox_plan.hpp"

namespace coldframe {

struct CreatedSandbox {
  TimePoint forked{};               // when its init was about to be
  UniqueFd init;                    // pidfd; readable when nobody is left inside
  UniqueFd tmp;                     // its /tmp, for fstatfs(2)
  UniqueFd network;                 // its namespace; none: the host's
  std::vector<UniqueFd> listeners;  // of the Runtime API, in its network
  std::string tmp_note;             // why /tmp is not on a disk; empty: it is
  UniqueFd hole;                    // of a network that leads nowhere (black_hole.hpp)
  std::string hole_note;            // why there is none; empty: it is there, or is not wanted
};

class SandboxRequests {
 public:
  using Done = std::function<void(Result<CreatedSandbox>)>;
  using GotSocket = std::function<void(Result<UniqueFd>)>;
  static constexpr std::size_t k_most_under_way = 32;

  // `patience`: how long a request that was sent, and the next answer, may take.
  SandboxRequests(UniqueFd socket, std::chrono::milliseconds patience)
      : socket_(std::move(socket)), patience_(patience) {}
  SandboxRequests(const SandboxRequests&) = delete;
  SandboxRequests& operator=(const SandboxRequests&) = delete;

  void attach(boost::asio::io_context& io);
  // Before `io` ends: forgets who waits.
  void detach();
  // The same, and the server learns that nobody is there any more.
  void close();
  int socket() const { return socket_.get(); }

  // Precondition: attached. `control`, `start`: the sandbox's ends of its sockets. Groups are
  // joined through `join_fds`, which are used during the call only. Returns the request's number.
  std::int64_t create(const SandboxPlan& plan, UniqueFd control, UniqueFd start,
                      const std::vector<int>& join_fds, Done done);
  // A TCP socket, not connected, non-blocking, of that network namespace. Answered like create().
  void open_socket(int network, GotSocket done);
  // Its `done` is not called any more. False: it is under way, or has been answered.
  bool withdraw(std::int64_t number);
  // Who is told what nobody has asked for: of a way out that has ended, in its last words; of the
  // server's own end, once.
  void on_told(std::function<void(const std::string&)> listener) { told_ = std::move(listener); }
  // The server's end has come, whether it has been heard of yet or not.
  bool ended() const;

 private:
  // An answer, or why there is none.
  using Answered = std::function<void(Result<Message*>)>;
  struct Waiting {
    MessageWriter message;
    std::vector<UniqueFd> descriptors;
    Answered done;
  };
  struct UnderWay {
    TimePoint sent;
    Answered done;
  };

  void ask(std::int64_t number, Waiting request, const std::vector<int>& descriptors,
           std::size_t owned);

  bool send(std::int64_t number, Waiting& request, const std::vector<int>& descriptors);
  void send_waiting();
  void fail_soon(Answered done, std::string why);
  void wait();
  void read();
  void answer(Message& message);
  void await_patience();
  void on_patience();
  void fail_all(const std::string& why);

  UniqueFd socket_;
  std::chrono::milliseconds patience_;
  boost::asio::io_context* io_ = nullptr;
  std::optional<boost::asio::posix::stream_descriptor> stream_;
  std::optional<boost::asio::steady_timer> timer_;  // of the oldest that is under way
  std::map<std::int64_t, Waiting> waiting_;         // not asked for yet, by number
  std::map<std::int64_t, UnderWay> under_way_;
  TimePoint answered_{};     // when the latest answer came
  std::int64_t latest_ = 0;  // the first is 1
  bool told_of_end_ = false;
  std::function<void(const std::string&)> told_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for callbacks under way
};

}  // namespace coldframe
