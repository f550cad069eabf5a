#include "emulator/sandbox/owner_map.hpp"

#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <string>

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

namespace coldframe {
namespace {

constexpr std::uint64_t k_ids = 4294967295;  // the last number is none

// Lines of a uid_map that exchange root and `id`; it is its own inverse.
std::string exchange_with_root(std::uint64_t id) {
  std::string lines;
  const auto line = [&](std::uint64_t inside, std::uint64_t outside, std::uint64_t count) {
    if (count == 0) return;
    lines +=
        std::to_string(inside) + " " + std::to_string(outside) + " " + std::to_string(count) + "\n";
  };
  if (id == 0) {
    line(0, 0, k_ids);
    return lines;
  }
  line(0, id, 1);
  line(1, 1, id - 1);
  line(id, 0, 1);
  line(id + 1, id + 1, k_ids - id - 1);
  return lines;
}

bool put(const std::string& path, const std::string& text) {
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return file && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// A map is a user namespace, which begins with a process. Nobody waits here for its end: the server
// collects it with its other children.
UniqueFd make_map(uid_t uid, gid_t gid) {
  const auto pid = static_cast<pid_t>(::syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;)
      ::pause();
  }
  if (pid < 0) return {};
  const std::string process = "/proc/" + std::to_string(pid);
  UniqueFd map;
  if (put(process + "/uid_map", exchange_with_root(uid)) &&
      put(process + "/gid_map", exchange_with_root(gid))) {
    map.reset(::open((process + "/ns/user").c_str(), O_RDONLY | O_CLOEXEC));
  }
  ::kill(pid, SIGKILL);
  return map;
}

}  // namespace

int OwnerMaps::to_root(uid_t uid, gid_t gid) {
  if (uid == 0 && gid == 0) return -1;
  const auto [known, is_new] = maps_.try_emplace({uid, gid});
  if (is_new) known->second = make_map(uid, gid);
  return known->second ? known->second.get() : -1;
}

bool show_owned(int tree, int map) {
  mount_attr attr{};
  attr.attr_set = MOUNT_ATTR_IDMAP;
  attr.userns_fd = static_cast<std::uint64_t>(map);
  return ::syscall(SYS_mount_setattr, tree, "", static_cast<unsigned>(AT_EMPTY_PATH | AT_RECURSIVE),
                   &attr, sizeof attr) == 0;
}

}  // namespace coldframe
