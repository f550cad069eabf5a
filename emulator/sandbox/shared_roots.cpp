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
constexpr const char* k_mount_table = "/proc/self/mountinfo";

// Since the last time that somebody asked: the kernel remembers that with the descriptor.
bool has_changed(const UniqueFd& mount_table) {
  pollfd table{mount_table.get(), POLLPRI, 0};
  return !mount_table || ::poll(&table, 1, 0) != 0;
}

}  // namespace

SharedRoots::SharedRoots(bool in_user_namespace)
    : in_user_namespace_(in_user_namespace),
      of_the_host_(is_first_user_namespace()),
      mount_table_(::open(k_mount_table, O_RDONLY | O_CLOEXEC)) {}

bool SharedRoots::Root::is_of(const SandboxPlan& plan, const GeneratedFacts& wanted,
                              int map) const {
  return mounts == plan.mounts && links == plan.links && task_root == plan.task_root &&
         image == plan.image && facts == wanted && owner_map == map;
}

SharedRoots::Shown SharedRoots::look_at(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return {};
  return {info.st_dev, info.st_ino, info.st_mode, info.st_uid, info.st_gid};
}

std::vector<SharedRoots::Shown> SharedRoots::look_at_all(const SandboxPlan& plan) {
  std::vector<Shown> all{look_at(plan.task_root)};
  for (const auto& mount : plan.mounts)
    all.push_back(look_at(mount.from));
  for (const auto& directory : plan.image)
    all.push_back(look_at(directory));
  return all;
}

Result<SharedRoot> SharedRoots::of(const SandboxPlan& plan, const GeneratedFacts& facts,
                                   const std::vector<GeneratedFile>& files, int owner_map) {
  if (has_changed(mount_table_)) let_go();
  Root root;
  root.mounts = plan.mounts;
  root.links = plan.links;
  root.task_root = plan.task_root;
  root.image = plan.image;
  root.facts = facts;
  root.owner_map = owner_map;
  root.shown = look_at_all(plan);
  const auto known = std::find_if(roots_.begin(), roots_.end(), [&](const Root& one) {
    return one.is_of(plan, facts, owner_map);
  });
  if (known != roots_.end()) {
    if (known->shown == root.shown && !has_changed(known->mount_table)) {
      roots_.splice(roots_.begin(), roots_, known);
      return known->get();
    }
    roots_.erase(known);
  }
  if (auto ok = build(plan, files, root); !ok) return ok.error();
  if (roots_.size() == k_most_roots) roots_.pop_back();
  roots_.push_front(std::move(root));
  return roots_.front().get();
}

Result<void> SharedRoots::build(const SandboxPlan& plan, const std::vector<GeneratedFile>& files,
                                Root& root) const {
  const RootRights rights{in_user_namespace_, of_the_host_, root.owner_map};
  std::optional<Error> problem;
  auto fds = run_beside("the sandbox cannot be set up", [&](SideReport& report) {
    report.step = "mounts of its own";
    if (::unshare(CLONE_NEWNS) != 0) return errno;
    report.step = "open their namespace";
    report.fds[0] = ::open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    report.fds[1] = ::open(k_mount_table, O_RDONLY | O_CLOEXEC);
    if (report.fds[0] < 0 || report.fds[1] < 0) return errno;
    if (auto ok = enter_root(plan, files, rights); !ok) problem = ok.error();
    report.step = "look at it";
    struct stat info {};
    if (::stat("/", &info) != 0) return errno;
    root.device = info.st_dev;
    root.inode = info.st_ino;
    return 0;
  });
  if (!fds) return fds.error();
  if (problem) return *problem;
  root.name_space = std::move((*fds)[0]);
  root.mount_table = std::move((*fds)[1]);
  (void)has_changed(root.mount_table);  // by ourselves, until now
  return {};
}

}  // namespace coldframe
