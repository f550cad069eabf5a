// Helpers for tests that look into a sandbox's namespaces from a child.
//
//   EXPECT_EQ(in_child([&] { return enter(net.fd.get()) ? connect_to("127.0.0.1", 9001) : -1; }),
//   0);
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <string>
#include <string_view>

#include "emulator/base/unique_fd.hpp"

namespace coldframe::testing {

inline constexpr int k_no_namespaces = 77;

// What `work` returns (0 … 255) in a forked child, or minus the signal that ended it.
inline int in_child(const std::function<int()>& work) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::alarm(60);
    ::_exit(work());
  }
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

inline bool write_own(const char* path, const std::string& text) {
  const UniqueFd fd(::open(path, O_WRONLY | O_CLOEXEC));
  return ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// In a child that is root: on hosts where only root may use TUN devices, everybody may from here
// on, and nobody else sees a difference.
inline bool let_everybody_use_tun() {
  return ::access("/dev/net/tun", F_OK) == 0 && ::unshare(CLONE_NEWNS) == 0 &&
         ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("none", "/dev/net", "tmpfs", 0, "mode=0755") == 0 &&
         ::mknod("/dev/net/tun", S_IFCHR | 0600, makedev(10, 200)) == 0 &&
         ::chmod("/dev/net/tun", 0666) == 0;
}

// The same as a user without rights who has a user namespace of its own, and is root there, or has
// another number.
inline int in_user_namespace(const std::function<int()>& work,
                             const std::string& own_number = "0") {
  return in_child([&] {
    if (::geteuid() == 0) (void)let_everybody_use_tun();
    if (::geteuid() == 0 &&
        (::setgroups(0, nullptr) != 0 || ::setresgid(54321, 54321, 54321) != 0 ||
         ::setresuid(54321, 54321, 54321) != 0)) {
      return 1;
    }
    ::prctl(PR_SET_DUMPABLE, 1);  // else /proc/self is root's
    const std::string user = std::to_string(::geteuid());
    const std::string group = std::to_string(::getegid());
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return k_no_namespaces;
    if (!write_own("/proc/self/setgroups", "deny") ||
        !write_own("/proc/self/uid_map", own_number + " " + user + " 1") ||
        !write_own("/proc/self/gid_map", own_number + " " + group + " 1")) {
      return k_no_namespaces;
    }
    return work();
  });
}

inline bool enter(int network) { return ::setns(network, CLONE_NEWNET) == 0; }

// 0 or errno; EINPROGRESS if nobody has answered after `patience_ms`.
inline int connect_to(const char* address, int port, int patience_ms = 10'000) {
  const bool v6 = std::string_view(address).find(':') != std::string_view::npos;
  const UniqueFd fd(
      ::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return errno;
  sockaddr_in name{};
  sockaddr_in6 name6{};
  name.sin_family = AF_INET;
  name6.sin6_family = AF_INET6;
  name.sin_port = name6.sin6_port = htons(static_cast<std::uint16_t>(port));
  ::inet_pton(AF_INET, address, &name.sin_addr);
  ::inet_pton(AF_INET6, address, &name6.sin6_addr);
  const int done = v6 ? ::connect(fd.get(), reinterpret_cast<sockaddr*>(&name6), sizeof name6)
                      : ::connect(fd.get(), reinterpret_cast<sockaddr*>(&name), sizeof name);
  if (done == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  pollfd ready{fd.get(), POLLOUT, 0};
  if (::poll(&ready, 1, patience_ms) == 0) return EINPROGRESS;
  int error_number = 0;
  socklen_t size = sizeof error_number;
  ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error_number, &size);
  return error_number;
}

}  // namespace coldframe::testing
