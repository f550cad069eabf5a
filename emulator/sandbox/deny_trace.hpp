// Watches a function that runs on the host for calls that would fail on Lambda; lets all of them
// go on.
//
//   auto listener = install_deny_trace();             // in the child, before the exec;
//   …                                                 // passed to us (SCM_RIGHTS)
//   DenyTrace trace(std::move(*listener));
//   while (trace.serve(calls, 100ms)) …               // someone must: traced calls wait for it
//
// Traced are opens, what makes, renames, removes or changes a name (mkdir, rename, unlink, symlink,
// link, mknod, truncate, chmod) and connect. Each waits until it was looked at, some 30 µs. If the
// listener is closed before the function has gone, these calls fail with ENOSYS in it. The observer
// must be an ancestor of the same user, or root. What is reported is what was asked for at that
// moment: a thread of the function may change a path meanwhile, so this is advice and no
// protection.
#pragma once

#include <linux/filter.h>
#include <sys/types.h>

#include <chrono>
#include <vector>

#include "emulator/base/error.hpp"
#include "emulator/base/unique_fd.hpp"
#include "emulator/sandbox/denied_call.hpp"

namespace coldframe {

// Pure.
std::vector<sock_filter> build_trace_filter();

// Sets no_new_privs and traces the calling thread and what it forks, for good: until the listener
// is with who serves it, the child must make none of these calls, which would wait. Errors (exit
// code 4): a kernel before 5.5, or somebody traces us already.
Result<UniqueFd> install_deny_trace();

class DenyTrace {
 public:
  explicit DenyTrace(UniqueFd listener);
  // Readable if a call waits.
  int fd() const { return listener_.get(); }
  // Looks at what waits, at most 100 calls, or waits for it that long. False: all traced processes
  // have gone.
  bool serve(DeniedCalls& calls, std::chrono::milliseconds patience);

 private:
  UniqueFd listener_;
};

}  // namespace coldframe
