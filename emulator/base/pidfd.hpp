// Processes by the descriptors that stand for them (pidfd_open(2)). Any thread; no call blocks.
//
//   const UniqueFd end = open_pidfd(pid);      // readable when it has ended
//   signal_by(end.get(), SIGKILL);             // never somebody else, whatever its number is now
#pragma once

#include <sys/types.h>

#include "emulator/base/unique_fd.hpp"

namespace coldframe {

// None: errno.
UniqueFd open_pidfd(pid_t pid);
// The number that it has for us; 0: it has ended, or is nobody here.
pid_t pid_of(int pidfd);
// Without effect once it has ended.
void signal_by(int pidfd, int number);

}  // namespace coldframe
