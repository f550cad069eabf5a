// Does something in other namespaces without going there: a process that shares our memory and our
// descriptors, while we stand still (as after vfork), does it and ends. What it has opened or
// written down stays with us; namespaces, root and working directory were its own.
//
//   auto done = run_beside("no network", [&](SideReport& report) {
//     report.step = "unshare";
//     if (::unshare(CLONE_NEWNET) != 0) return errno;
//     report.step = "socket";
//     report.fds[0] = ::socket(…);
//     return report.fds[0] < 0 ? errno : 0;
//   });
//   if (!done) …                          // "no network: unshare: Operation not permitted"
//
// A process that is only root in a user namespace of its own could not come back by setns.
// 0.05 ms; a fork took 0.3. One thread at a time: a descriptor that another closes meanwhile is
// closed for both.
#pragma once

#include <array>
#include <functional>
#include <string>

#include "emulator/base/error.hpp"
#include "emulator/base/unique_fd.hpp"

namespace coldframe {

inline constexpr int k_side_fds = 4;

struct SideReport {
  const char* step = "";  // a literal: what is about to be done
  int fds[k_side_fds] = {-1, -1, -1, -1};
};

using SideFds = std::array<UniqueFd, k_side_fds>;

// `work` returns 0 or errno, on a stack of 256 KiB; it must not close, or let an object close, what
// we have open. An exception counts as ENOMEM. If that process is killed, ours ends with status 1:
// they share a heap. Errors (exit code 4) begin with `what`; nothing that was in fds stays open
// then.
Result<SideFds> run_beside(const std::string& what, const std::function<int(SideReport&)>& work);

}  // namespace coldframe
