#include "emulator/sandbox/shared_roots.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <optional>
#include <utility>

#include "emulator/sandbox/root_layout.hpp"
#include "emulator/sandbox/side_process.hpp"

namespace coldframe {
namespace {

constexpr std::size_t k_most_roots = 16;  // some 30 mounts each

}  // namespace

SharedRoots::SharedRoots(bool in_user_namespace)
    : in_user_namespace_(in_user_namespace),
      of_the_host_(is_first_user_namespace()),
      mount_table_(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC)) {}

bool SharedRoots::Root::is_of(const SandboxPlan& plan, const GeneratedFacts& wanted,
                              int map) const {
  return mounts == plan.mounts && links == plan.links && task_root == plan.task_root &&
         facts == wanted && owner_map == map;
}

SharedRoots::Shown SharedRoots::look_at(const std::string& path, bool files_too) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return {};
  Shown shown{info.st_dev, info.st_ino, info.st_mode, info.st_uid, info.st_gid};
  if (files_too) {
    shown.changed_s = info.st_mtim.tv_sec;
    shown.changed_ns = info.st_mtim.tv_nsec;
  }
  return shown;
}

std::vector<SharedRoots::Shown> SharedRoots::look_at_all(const SandboxPlan& plan) {
  std::vector<Shown> all{look_at(plan.task_root, false)};
  for (const auto& mount : plan.mounts)
    all.push_back(look_at(mount.from, mount.to == "/etc"));
  return all;
}

// Since the last time we asked: the kernel remembers that with the descriptor.
bool SharedRoots::mounts_changed() const {
  pollfd table{mount_table_.get(), POLLPRI, 0};
  return !mount_table_ || ::poll(&table, 1, 0) != 0;
}

Result<int> SharedRoots::of(const SandboxPlan& plan, const GeneratedFacts& facts,
                            const std::vector<GeneratedFile>& files, int owner_map) {
  if (mounts_changed()) roots_.clear();
  auto shown = look_at_all(plan);
  const auto known = std::find_if(roots_.begin(), roots_.end(), [&](const Root& root) {
    return root.is_of(plan, facts, owner_map);
  });
  if (known != roots_.end()) {
    if (known->shown == shown) {
      roots_.splice(roots_.begin(), roots_, known);
      return known->name_space.get();
    }
    roots_.erase(known);
  }
  auto name_space = build(plan, files, owner_map);
  if (!name_space) return name_space.error();
  if (roots_.size() == k_most_roots) roots_.pop_back();
  roots_.push_front({plan.mounts, plan.links, plan.task_root, facts, owner_map, std::move(shown),
                     std::move(*name_space)});
  return roots_.front().name_space.get();
}

Result<UniqueFd> SharedRoots::build(const SandboxPlan& plan,
                                    const std::vector<GeneratedFile>& files, int owner_map) const {
  std::optional<Error> problem;
  auto fds = run_beside("the sandbox cannot be set up", [&](SideReport& report) {
    report.step = "mounts of its own";
    if (::unshare(CLONE_NEWNS) != 0) return errno;
    report.step = "open their namespace";
    report.fds[0] = ::open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    if (report.fds[0] < 0) return errno;
    if (auto ok = enter_root(plan, files, {in_user_namespace_, of_the_host_, owner_map}); !ok) {
      problem = ok.error();
    }
    return 0;
  });
  if (!fds) return fds.error();
  if (problem) return *problem;
  return std::move((*fds)[0]);
}

}  // namespace coldframe
