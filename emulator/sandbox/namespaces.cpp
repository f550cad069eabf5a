#include "emulator/sandbox/namespaces.hpp"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>

#include "emulator/sandbox/mount_calls.hpp"

namespace coldframe {
namespace {

constexpr std::uint64_t k_namespaces = CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;

bool may_enter_mounts() {
  const UniqueFd own(::open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC));
  return own && ::setns(own.get(), CLONE_NEWNS) == 0;
}

}  // namespace

pid_t clone_into_namespaces(int* pidfd) {
  clone_args args{};
  args.flags = k_namespaces | CLONE_PIDFD;
  args.pidfd = reinterpret_cast<std::uint64_t>(pidfd);
  args.exit_signal = SIGCHLD;
  return static_cast<pid_t>(::syscall(SYS_clone3, &args, sizeof args));
}

std::string try_namespaces() {
  if (!mounts::are_known()) return "the kernel has no mount_setattr (Linux 5.12 is needed)";
  int report[2];
  if (::pipe(report) != 0) return std::string("pipe: ") + std::strerror(errno);
  int pidfd = -1;
  const pid_t pid = clone_into_namespaces(&pidfd);
  if (pid < 0) {
    std::string why = std::string("namespaces are denied: ") + std::strerror(errno);
    ::close(report[0]);
    ::close(report[1]);
    return why;
  }
  if (pid == 0) {
    const char* step = nullptr;
    if (::unshare(CLONE_NEWNS) != 0) {
      step = "mounts of its own are denied";
    } else if (!may_enter_mounts()) {
      step = "entering mounts is denied (CAP_SYS_CHROOT)";
    } else if (mounts::make_all_private() != 0) {
      step = "mounts cannot be made private";
    } else if (::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0) {
      step = "/proc cannot be mounted";
    } else if (::unshare(CLONE_NEWNET) != 0) {
      step = "a network namespace is denied";
    }
    if (step != nullptr) {
      const std::string text = std::string(step) + ": " + std::strerror(errno);
      [[maybe_unused]] auto n = ::write(report[1], text.data(), text.size());
    }
    ::_exit(0);
  }
  ::close(report[1]);
  std::string why(256, '\0');
  const ssize_t got = ::read(report[0], why.data(), why.size());
  why.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  ::close(report[0]);
  ::close(pidfd);
  ::waitpid(pid, nullptr, 0);
  return why;
}

}  // namespace coldframe
