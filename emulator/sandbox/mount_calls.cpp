#include "emulator/sandbox/mount_calls.hpp"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

namespace coldframe::mounts {

static_assert(k_read_only == MOUNT_ATTR_RDONLY && k_no_suid == MOUNT_ATTR_NOSUID &&
              k_no_dev == MOUNT_ATTR_NODEV && k_no_exec == MOUNT_ATTR_NOEXEC);

// The newest of them.
bool are_known() {
  mount_attr attr{};
  return ::syscall(SYS_mount_setattr, -1, "", static_cast<unsigned>(AT_EMPTY_PATH), &attr,
                   sizeof attr) == 0 ||
         errno != ENOSYS;
}

UniqueFd clone_tree(const std::string& path) {
  return UniqueFd(static_cast<int>(
      ::syscall(SYS_open_tree, AT_FDCWD, path.c_str(),
                static_cast<unsigned>(OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE))));
}

int set_attributes(int fd, std::uint64_t attributes, bool recursive) {
  mount_attr attr{};
  attr.attr_set = attributes;
  attr.propagation = MS_PRIVATE;
  return static_cast<int>(::syscall(
      SYS_mount_setattr, fd, "",
      static_cast<unsigned>(AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0)), &attr, sizeof attr));
}

int set_attributes(const std::string& path, std::uint64_t attributes) {
  mount_attr attr{};
  attr.attr_set = attributes;
  return static_cast<int>(
      ::syscall(SYS_mount_setattr, AT_FDCWD, path.c_str(), 0U, &attr, sizeof attr));
}

namespace {

// With another root below, "..", from outside of it, goes on up.
int leave_chroot() {
  if (::chdir("/") != 0 || ::chroot("/proc") != 0) return -1;
  struct stat here {};
  struct stat above {};
  do {
    if (::stat(".", &here) != 0 || ::chdir("..") != 0 || ::stat(".", &above) != 0) return -1;
  } while (here.st_dev != above.st_dev || here.st_ino != above.st_ino);
  return ::chroot(".");
}

}  // namespace

int make_all_private() {
  if (leave_chroot() != 0) return -1;
  return ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
}

int attach(int fd, const std::string& to) {
  return static_cast<int>(::syscall(SYS_move_mount, fd, "", AT_FDCWD, to.c_str(),
                                    static_cast<unsigned>(MOVE_MOUNT_F_EMPTY_PATH)));
}

int attach(int fd, int to) {
  return static_cast<int>(
      ::syscall(SYS_move_mount, fd, "", to, "",
                static_cast<unsigned>(MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH)));
}

}  // namespace coldframe::mounts
