// The process that makes sandboxes: small, single-threaded, forked before anything else is there.
// It has the privileges (root's, or those of a user namespace of its own), takes the milliseconds
// that a file system, a network namespace and a clone need, and is the parent of every init. When
// it ends, and it ends with us, so do they.
//
//   auto server = SandboxServer::start(cache_directory);       // trial included; error: why not
//   server->attach(io);
//   server->requests().create(plan, …, [](Result<CreatedSandbox> made) { … });
//
// start() forks and blocks for some milliseconds; call it before starting threads. Everything else
// is for the I/O thread and does not block.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "emulator/base/error.hpp"
#include "emulator/base/unique_fd.hpp"
#include "emulator/sandbox/sandbox_requests.hpp"

namespace coldframe {

class SandboxServer {
 public:
  // Errors (exit code 77): what this host does not allow, and what helps; that it says nothing for
  // 10 s.
  static Result<std::unique_ptr<SandboxServer>> start(const std::string& cache_directory);
  // Closes; waits for the server's end, and so for that of all sandboxes. One that has not ended
  // after 10 s is killed and told of on stderr.
  ~SandboxServer();
  SandboxServer(const SandboxServer&) = delete;
  SandboxServer& operator=(const SandboxServer&) = delete;

  void attach(boost::asio::io_context& io) { requests_.attach(io); }
  // Before `io` ends: forgets who waits.
  void detach() { requests_.detach(); }
  SandboxRequests& requests() { return requests_; }
  bool in_user_namespace() const { return in_user_namespace_; }
  pid_t pid() const { return pid_; }

 private:
  SandboxServer(pid_t pid, UniqueFd socket)
      : pid_(pid), requests_(std::move(socket), std::chrono::seconds(30)) {}

  pid_t pid_;
  SandboxRequests requests_;
  bool in_user_namespace_ = false;
};

}  // namespace coldframe
