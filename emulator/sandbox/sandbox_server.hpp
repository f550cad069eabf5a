// The process that makes sandboxes: small, single-threaded, forked before anything else is there.
// It has the privileges (root's, or those of a user namespace of its own), takes the milliseconds
// that a file system, a network namespace and a clone need, and is the parent of every init. When
// it ends, and it ends with us, so do they.
//
//   auto server = SandboxServer::start(cache_directory);       // trial included; error: why not
//   server->attach(io);
//   server->create(plan, std::move(request), [](Result<CreatedSandbox> made) { … });
//
// start() forks and blocks for some milliseconds; call it before starting threads. Everything else
// is for the I/O thread and does not block.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "emulator/base/clock.hpp"
#include "emulator/base/error.hpp"
#include "emulator/base/unique_fd.hpp"
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

class SandboxServer {
 public:
  using Done = std::function<void(Result<CreatedSandbox>)>;

  // Errors (exit code 77): what this host does not allow, and what helps.
  static Result<std::unique_ptr<SandboxServer>> start(const std::string& cache_directory);
  // Closes; waits for the server's end, and so for that of all sandboxes.
  ~SandboxServer();
  SandboxServer(const SandboxServer&) = delete;
  SandboxServer& operator=(const SandboxServer&) = delete;

  void attach(boost::asio::io_context& io);
  // Before `io` ends: forgets who waits.
  void detach();
  // `control`, `start`: the sandbox's ends of its sockets. Groups are joined through `join_fds`.
  // Those descriptors are used during the call only. Error: exit code 4.
  void create(const SandboxPlan& plan, int control, int start, const std::vector<int>& join_fds,
              Done done);
  // Who is told of a way out that has ended, in its last words.
  void on_told(std::function<void(const std::string&)> listener) { told_ = std::move(listener); }
  bool in_user_namespace() const { return in_user_namespace_; }
  pid_t pid() const { return pid_; }

 private:
  SandboxServer(pid_t pid, UniqueFd socket) : pid_(pid), socket_(std::move(socket)) {}
  void wait();
  void read();
  void fail_all(const std::string& why);

  pid_t pid_;
  UniqueFd socket_;
  bool in_user_namespace_ = false;
  std::optional<boost::asio::posix::stream_descriptor> stream_;
  std::map<std::int64_t, Done> pending_;
  std::int64_t serial_ = 0;  // of the latest request; the first is 1
  std::function<void(const std::string&)> told_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace coldframe
