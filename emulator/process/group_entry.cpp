#include "emulator/process/group_entry.hpp"

#include <fcntl.h>
#include <linux/sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace coldframe {
namespace {

bool is_directory(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 && S_ISDIR(info.st_mode);
}

pid_t clone_child(std::uint64_t flags, int group) {
  clone_args args{};
  args.flags = flags;
  args.exit_signal = SIGCHLD;
  if (group >= 0) {
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = static_cast<std::uint64_t>(group);
  }
  return static_cast<pid_t>(::syscall(SYS_clone3, &args, sizeof args));
}

int write_zero(int fd) { return ::write(fd, "0", 1) == 1 ? 0 : errno; }

int join_directory(int fd) {
  const int procs = ::openat(fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
  if (procs < 0) return errno;
  const int error_number = write_zero(procs);
  ::close(procs);
  return error_number;
}

}  // namespace

Born fork_into(const std::vector<int>& doors, std::uint64_t flags) {
  for (const int fd : doors) {
    if (!is_directory(fd)) continue;
    // Where that is refused it can still be joined.
    if (const pid_t pid = clone_child(flags, fd); pid >= 0) return {pid, true};
    break;
  }
  return {clone_child(flags, -1), false};
}

int join_groups(const std::vector<int>& doors, bool inside) {
  for (const int fd : doors) {
    int error_number = 0;
    if (!is_directory(fd)) {
      error_number = write_zero(fd);
    } else if (!inside) {
      error_number = join_directory(fd);
    } else {
      inside = false;  // the first one
    }
    if (error_number != 0) return error_number;
  }
  return 0;
}

}  // namespace coldframe
