// The seccomp filter of the strict sandbox: syscall_rules.hpp as a program for the kernel.
//
//   const auto& filter = seccomp_filter();            // before the fork
//   if (auto done = install_seccomp(filter); !done) … // in the child, last before the exec
//
// A balanced tree over ranges of numbers: the longest way through it is about 20 instructions, not
// one per allowed call. Calls of another architecture (32-bit, x32) get ENOSYS, as from a kernel
// that was built without it.
#pragma once

#include <linux/filter.h>

#include <vector>

#include "emulator/base/error.hpp"
#include "emulator/sandbox/syscall_rules.hpp"

namespace coldframe {

// `ranges` as of syscall_ranges(). Pure.
std::vector<sock_filter> build_seccomp_filter(const std::vector<SyscallRange>& ranges);

// That of syscall_ranges(), built once. Any thread.
const std::vector<sock_filter>& seccomp_filter();

// Sets no_new_privs and filters the calling thread and what it forks, for good. Only system calls
// if it works, so it may run between fork and exec. Errors (exit code 4): the kernel has no
// seccomp, or no memory; no_new_privs may be set then.
Result<void> install_seccomp(const std::vector<sock_filter>& filter = seccomp_filter());

}  // namespace coldframe
