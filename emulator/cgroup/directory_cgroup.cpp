#include "emulator/cgroup/directory_cgroup.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <set>

namespace coldframe {
namespace {

int open_pidfd(pid_t pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }

bool send_kill(int pidfd) {
  return ::syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0) == 0;
}

constexpr int k_open_directory = O_PATH | O_DIRECTORY | O_CLOEXEC;

// Who was given a hierarchy of version 1 need not have been given the first.
UniqueFd open_door(const std::string& directory) {
  UniqueFd door(::open((directory + "/tasks").c_str(), O_WRONLY | O_CLOEXEC));
  if (door) return door;
  return UniqueFd(::open((directory + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
}

std::string cannot(const std::string& what, const std::string& path, int error_number) {
  return "cannot " + what + " " + path + ": " + std::strerror(error_number);
}

}  // namespace

std::set<pid_t> kill_members(const std::string& directory) {
  constexpr int k_most_looks = 100;
  std::set<pid_t> signalled;
  for (int look = 0; look < k_most_looks; ++look) {
    std::vector<std::pair<pid_t, UniqueFd>> held;
    for (const pid_t pid : processes_in(directory)) {
      if (pid == ::getpid() || signalled.contains(pid)) continue;
      held.emplace_back(pid, open_pidfd(pid));
    }
    // Who is still listed now is the one that the descriptor holds.
    const auto listed = processes_in(directory);
    bool anybody = false;
    for (auto& [pid, pidfd] : held) {
      if (std::find(listed.begin(), listed.end(), pid) == listed.end()) continue;
      if (!pidfd || !send_kill(pidfd.get())) continue;
      signalled.insert(pid);
      anybody = true;
    }
    if (!anybody) break;
  }
  return signalled;
}

DirectoryCgroup::DirectoryCgroup(CgroupFiles& files, std::vector<std::string> v1, std::string v2)
    : files_(files),
      v1_(std::move(v1)),
      v2_(std::move(v2)),
      v2_processes_(v2_ + "/cgroup.procs"),
      v2_freeze_(v2_ + "/cgroup.freeze", O_WRONLY) {}

// allow_forks() belongs to the derived class, which is gone here.
DirectoryCgroup::~DirectoryCgroup() {
  for (const auto& directory : made_) {  // and no other: somebody else may have one of that name
    if (directory == v2_) files_.write(v2_ + "/cgroup.kill", "1");
    kill_members(directory);
  }
  DirectoryCgroup::remove();
}

Result<void> DirectoryCgroup::make() {
  // v2 first: who has begun to join is found by its kill.
  std::vector<std::string> all;
  if (!v2_.empty()) all.push_back(v2_);
  all.insert(all.end(), v1_.begin(), v1_.end());
  for (const auto& directory : all) {
    if (const int error_number = files_.make_directory(directory); error_number != 0) {
      return host_error(cannot("make the control group", directory, error_number));
    }
    made_.push_back(directory);
    UniqueFd door = directory == v2_ ? UniqueFd(::open(directory.c_str(), k_open_directory))
                                     : open_door(directory);
    if (!door) return host_error(cannot("open", directory, errno));
    join_.push_back(std::move(door));
  }
  // Since Linux 5.2.
  can_freeze_ = !v2_.empty() && read_text(v2_ + "/cgroup.freeze").has_value();
  return {};
}

std::vector<int> DirectoryCgroup::join_descriptors() const {
  std::vector<int> fds;
  for (const auto& fd : join_)
    fds.push_back(fd.get());
  return fds;
}

Result<void> DirectoryCgroup::write_freeze(std::string_view text) {
  if (!can_freeze_) {
    return unsupported(
        "nothing can be frozen: that needs a writable cgroup v2 mount and Linux 5.2");
  }
  return put(files_, v2_freeze_, text);
}

bool DirectoryCgroup::is_frozen() const {
  if (!can_freeze_) return false;
  return number_of(read_text(v2_ + "/cgroup.events").value_or(""), "frozen") == 1;
}

void DirectoryCgroup::kill() {
  // One write ends all, however fast they fork; since Linux 5.14.
  if (!v2_.empty() && files_.write(v2_ + "/cgroup.kill", "1") == 0) return;
  allow_forks(false);
  for (const auto& directory : made_)
    kill_members(directory);
  allow_forks(true);
}

bool DirectoryCgroup::is_empty() const {
  return std::all_of(made_.begin(), made_.end(), [this](const std::string& directory) {
    return processes_at(directory).empty();
  });
}

std::vector<pid_t> DirectoryCgroup::processes() const {
  return made_.empty() ? std::vector<pid_t>() : processes_at(made_.front());
}

// That of version 2 is asked for every invoke.
std::vector<pid_t> DirectoryCgroup::processes_at(const std::string& directory) const {
  if (directory != v2_ || has_groups_in(join_.front().get())) return processes_in(directory);
  return processes_of(v2_processes_.text().value_or(""));
}

void DirectoryCgroup::open_files() const {
  if (v2_.empty()) return;
  v2_processes_.open();
  v2_freeze_.open();
}

bool DirectoryCgroup::remove() {
  std::erase_if(made_,
                [this](const std::string& directory) { return remove_groups(files_, directory); });
  return made_.empty();
}

}  // namespace coldframe
