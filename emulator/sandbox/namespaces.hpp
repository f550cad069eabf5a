// The namespaces that a sandbox is made of, apart from its mounts and its network.
//
//   if (const auto why = try_namespaces(); !why.empty()) …
//   const pid_t pid = clone_into_namespaces(&pidfd);    // 0: here we are the first process in them
//
// For the sandbox server, which has the privileges for it and one thread.
#pragma once

#include <sys/types.h>

#include <string>

namespace coldframe {

// A fork whose child is alone in new PID, IPC and UTS namespaces. -1: errno.
pid_t clone_into_namespaces(int* pidfd);

// Whether these, a mount and a network namespace, and a fresh /proc can be had, by having them.
// Empty: yes.
std::string try_namespaces();

}  // namespace coldframe
