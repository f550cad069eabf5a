// A way out of an environment's network, through a program that needs no rights on the host:
// slirp4netns, else pasta.
//
//   auto program = find_way_out();                    // or why there is none
//   resolv_conf = "nameserver " + program->resolver + "\n";
//   auto way = WayOut::start(*program, net.fd.get()); // beside the function: takes 30–60 ms
//   way->await_ready(0ms);                            // false: not yet
//
// The host's loopback cannot be reached through it, its other addresses can. The program dies with
// the thread that started it, and goes with this object. What goes out is in the network of the
// process that calls start(). One thread at a time. Where we have the privileges of a user
// namespace without being its root, the program gets them as ambient capabilities: its exec would
// drop others.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "emulator/base/error.hpp"
#include "emulator/base/unique_fd.hpp"

namespace coldframe {

enum class WayOutKind { slirp4netns, pasta };

struct WayOutProgram {
  WayOutKind kind = WayOutKind::slirp4netns;
  std::string path;
  std::string resolver;  // who answers DNS inside
};

// Error (exit code 77): there is none; what to install.
Result<WayOutProgram> find_way_out();

// What it is started with; descriptors by number, which it must inherit. Pure.
struct WayOutFds {
  int network;  // namespace
  int ready;    // it writes to this when it is up
  int alive;    // slirp4netns ends when the other end is closed
};
struct WayOutPowers {
  bool root;      // the effective user is, perhaps of a user namespace
  bool own_root;  // it can exchange the root of the file system for one of its own
};
std::vector<std::string> way_out_arguments(const WayOutProgram& program, const WayOutFds& fds,
                                           WayOutPowers powers);

class WayOut {
 public:
  // `network`: a namespace's descriptor; our own user namespace must own it. Returns at once.
  // Errors (exit code 4): no process or descriptor left.
  static Result<WayOut> start(const WayOutProgram& program, int network);
  WayOut(WayOut&& other) noexcept;
  WayOut& operator=(WayOut&& other) = delete;
  ~WayOut() { stop(); }

  // True when packets go through. Errors (exit code 4): it has ended; with its last words. stop()
  // is all that is left then.
  Result<bool> await_ready(std::chrono::milliseconds patience);
  // Readable when await_ready() has something new to say.
  int ready_fd() const { return ready_.get(); }
  pid_t pid() const { return pid_; }
  // Kills and reaps it. Again: nothing.
  void stop();
  // Kills it; its end takes some milliseconds, and is for whoever collects our children.
  void let_go();
  // For whoever has collected it, with its status as of waitpid(2): forgets its process. Why it has
  // ended (exit code 4), with its last words.
  Error was_collected(int status);

 private:
  WayOut() = default;
  Error ended();

  std::string name_;
  pid_t pid_ = -1;
  bool is_ready_ = false;
  UniqueFd ready_;
  UniqueFd words_;  // its stderr
  UniqueFd alive_;
};

}  // namespace coldframe
