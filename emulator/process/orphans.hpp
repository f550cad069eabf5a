// The ended children that nobody waits for. A process whose parent has died becomes a child of
// process 1 of its PID namespace; where that is this program, as in a container without an init, it
// stays in the process table until somebody collects it.
//
//   Orphans orphans(::getpid() == 1);
//   orphans.claim(pid);      // a child of ours: its status is for whoever started it
//   orphans.collect();       // now and then; does not wait
#pragma once

#include <sys/types.h>

#include <set>

namespace coldframe {

class Orphans {
 public:
  // Without `adopt`, collect() does nothing: other parts of the program may have children too.
  explicit Orphans(bool adopt) : adopt_(adopt) {}
  bool adopt() const { return adopt_; }
  void claim(pid_t child) { claimed_.insert(child); }
  // It has been waited for, or will not be.
  void release(pid_t child) { claimed_.erase(child); }
  // Collects up to the first ended child that is claimed. Returns how many.
  int collect();

 private:
  bool adopt_;
  std::set<pid_t> claimed_;
};

}  // namespace coldframe
