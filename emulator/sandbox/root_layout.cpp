#include "emulator/sandbox/root_layout.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>

#include "emulator/extensions/find_extensions.hpp"
#include "emulator/sandbox/image_root.hpp"
#include "emulator/sandbox/mount_calls.hpp"
#include "emulator/sandbox/own_mounts.hpp"
#include "emulator/sandbox/owner_map.hpp"
#include "emulator/sandbox/place_inside.hpp"

namespace coldframe {
namespace {

using namespace mounts;

// Where the new root is put until it is the root: everything of the host that is needed has been
// opened by then.
constexpr const char* k_building_site = "/tmp";
constexpr const char* k_store = ".coldframe";  // in it, until it is finished

Error failed(const std::string& step) {
  return host_error("the sandbox cannot be set up: " + step + ": " + std::strerror(errno));
}

// Relative to the new root, which is the working directory.
std::string here(const std::string& inside) {
  return inside.substr(std::min(inside.find_first_not_of('/'), inside.size()));
}

bool make_directories(const std::string& path) {
  for (std::size_t at = path.find('/');; at = path.find('/', at + 1)) {
    const std::string part = path.substr(0, at);
    if (!part.empty() && ::mkdir(part.c_str(), 0755) != 0 && errno != EEXIST) return false;
    if (at == std::string::npos) return true;
  }
}

bool write_file(const std::string& path, const std::string& content) {
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
  return fd &&
         ::write(fd.get(), content.data(), content.size()) == static_cast<ssize_t>(content.size());
}

// What each sandbox puts into its place by itself: path inside -> where it waits for that.
using Stored = std::map<std::string, std::string>;
Stored where_stored(const SandboxPlan& plan, const std::vector<GeneratedFile>& files) {
  Stored stored;
  const auto places = own_places(plan, files);
  for (std::size_t i = 0; i < places.size(); ++i)
    stored.emplace(places[i], stored_place(i));
  return stored;
}

bool bind_mount(const std::string& from, const std::string& to) {
  return ::mount(from.c_str(), to.c_str(), nullptr, MS_BIND, nullptr) == 0;
}

// A directory of the host on its way to its place inside.
struct Opened {
  UniqueFd fd;          // a detached tree; or the directory, to be seen through another's mode
  bool closed = false;  // others may not enter it
  std::string inside;
};

// A tree that is read-only; with `open_to_all`, also where its own mode keeps others out: on Lambda
// /var/task is open to all, whatever the mode of the directory that it was made from, and what an
// interpreter is installed in was asked for.
Result<Opened> open_tree(const SandboxMount& mount, bool open_to_all) {
  Opened opened;
  opened.inside = mount.to;
  struct stat info {};
  if (::stat(mount.from.c_str(), &info) != 0) return failed("look at '" + mount.from + "'");
  opened.closed = open_to_all && S_ISDIR(info.st_mode) && (info.st_mode & 0005) != 0005;
  opened.fd = opened.closed ? UniqueFd(::open(mount.from.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC))
                            : clone_tree(mount.from);
  if (!opened.fd) return failed("open '" + mount.from + "'");
  if (!opened.closed &&
      set_attributes(opened.fd.get(), k_read_only | k_no_suid | k_no_dev, true) != 0) {
    return failed("make '" + mount.from + "' read-only");
  }
  return opened;
}

// In a user namespace we own what is closed to others.
Result<std::vector<Opened>> open_trees(const SandboxPlan& plan, bool in_user_namespace,
                                       int owner_map) {
  std::vector<Opened> trees;
  for (const auto& mount : plan.mounts) {
    auto tree = open_tree(mount, !in_user_namespace);
    if (!tree) return tree.error();
    if (owner_map >= 0 && !tree->closed && mount.to == k_extensions_inside) {
      show_owned(tree->fd.get(), owner_map);
    }
    trees.push_back(std::move(*tree));
  }
  auto task = open_tree({plan.task_root, k_sandbox_task_root}, !in_user_namespace);
  if (!task) return task.error();
  // What is closed gets root for its owner with its mode.
  if (owner_map >= 0 && !task->closed) show_owned(task->fd.get(), owner_map);
  trees.push_back(std::move(*task));
  return trees;
}

// A read-only view of the directory whose own mode is 0755.
bool attach_covered(int directory, const std::string& place) {
  const std::string cover = std::string(k_store) + "/cover";
  const std::string options = "lowerdir=" + cover + ":/proc/self/fd/" + std::to_string(directory);
  // The cover is on a file system of its own, which stays below when its name is gone.
  return make_directories(cover) &&
         ::mount("coldframe", cover.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=4k") ==
             0 &&
         ::mount("overlay", place.c_str(), "overlay", MS_RDONLY | MS_NOSUID | MS_NODEV,
                 options.c_str()) == 0 &&
         ::umount2(cover.c_str(), MNT_DETACH) == 0 && ::rmdir(cover.c_str()) == 0;
}

Result<void> attach_at_place(const Opened& opened, const std::string& at) {
  const UniqueFd place = open_or_make_inside(here(at));
  if (!place) return failed("make '" + opened.inside + "'");
  const bool done = opened.closed ? attach_covered(opened.fd.get(),
                                                   "/proc/self/fd/" + std::to_string(place.get()))
                                  : attach(opened.fd.get(), place.get()) == 0;
  if (!done) return failed("mount '" + opened.inside + "'");
  return {};
}

Result<void> make_devices() {
  struct Device {
    const char* name;
    unsigned minor;
  };
  constexpr std::array<Device, 5> k_devices{
      {{"null", 3}, {"zero", 5}, {"full", 7}, {"random", 8}, {"urandom", 9}}};
  for (const auto& device : k_devices) {
    const std::string path = std::string("dev/") + device.name;
    if (::mknod(path.c_str(), S_IFCHR | 0666, makedev(1, device.minor)) == 0) continue;
    // Not in a user namespace: there they are the host's.
    // Read-only keeps their times and modes as they are; they can be written to all the same.
    if (!write_file(path, "") || !bind_mount("/" + path, path) ||
        set_attributes(path, k_read_only | k_no_suid) != 0) {
      return failed("make '/" + path + "'");
    }
  }
  constexpr std::array<std::array<const char*, 2>, 4> k_links{{{"/proc/self/fd", "dev/fd"},
                                                               {"/proc/self/fd/0", "dev/stdin"},
                                                               {"/proc/self/fd/1", "dev/stdout"},
                                                               {"/proc/self/fd/2", "dev/stderr"}}};
  for (const auto& [target, at] : k_links) {
    if (::symlink(target, at) != 0) return failed(std::string("link '/") + at + "'");
  }
  return {};
}

// Below those that each sandbox mounts for itself. Who is not root on the host may mount a fresh
// one only where there is one to be seen already; and a fresh /sys only with a network of its own.
struct HostViews {
  UniqueFd proc;
  UniqueFd sys;
};

Result<void> attach_host_views(const HostViews& views) {
  // Both private, too: each sandbox mounts its own upon them.
  if (set_attributes(views.proc.get(), 0, true) != 0 || attach(views.proc.get(), "proc") != 0) {
    return failed("mount the host's '/proc'");
  }
  if (set_attributes(views.sys.get(), k_read_only, true) != 0 ||
      attach(views.sys.get(), "sys") != 0) {
    return failed("mount the host's '/sys'");
  }
  return {};
}

// Behind the links that lead there: /etc/resolv.conf often is one to a file below /run.
Result<void> put_files(const std::vector<GeneratedFile>& files, const Stored& stored,
                       const std::string& made) {
  for (const auto& file : files) {
    if (stored.contains(file.path)) continue;
    if (const UniqueFd place = open_inside(here(file.path))) {
      const UniqueFd mount = write_file(made, file.content) ? clone_tree(made) : UniqueFd();
      if (!mount || set_attributes(mount.get(), k_read_only | k_no_suid | k_no_dev, false) != 0 ||
          attach(mount.get(), place.get()) != 0) {
        struct stat info {};
        const bool is_directory = ::fstat(place.get(), &info) == 0 && S_ISDIR(info.st_mode);
        if (!is_directory) return failed("replace '" + file.path + "'");
      }
      ::unlink(made.c_str());
      continue;
    }
    // In a directory of ours it can be made; where the host's has none, none is needed.
    if (errno != ENOENT) continue;
    if (const auto place = make_place_inside(here(file.path))) write_file(*place, file.content);
  }
  return {};
}

// Where each sandbox takes them from before its /tmp hides them.
Result<void> store_files(const std::vector<GeneratedFile>& files, const Stored& stored) {
  for (const auto& file : files) {
    const auto place = stored.find(file.path);
    if (place != stored.end() && !write_file(here(place->second), file.content)) {
      return failed("write '" + file.path + "'");
    }
  }
  return {};
}

// The host's system directories, the function and what it needs, in a new root.
Result<void> lay_out(const SandboxPlan& plan, const std::vector<Opened>& trees,
                     const Stored& stored) {
  for (const char* directory : {"dev", "home", "mnt", "opt", "proc", "run", "sys", "tmp", "var"}) {
    if (::mkdir(directory, 0755) != 0) return failed(std::string("make '/") + directory + "'");
  }
  for (const auto& link : plan.links) {
    if (::symlink(link.target.c_str(), here(link.at).c_str()) != 0) {
      return failed("link '" + link.at + "'");
    }
  }
  for (const auto& tree : trees) {
    const auto place = stored.find(tree.inside);
    const auto& at = place == stored.end() ? tree.inside : place->second;
    if (auto ok = attach_at_place(tree, at); !ok) return ok;
  }
  return {};
}

Result<void> become_root() {
  ::rmdir(k_store);
  if (::syscall(SYS_pivot_root, ".", ".") != 0) return failed("pivot_root");
  if (set_attributes("/", k_read_only) != 0) return failed("make '/' read-only");
  // The host's root lies upon it: the last part of a path leads up to it, "/" by itself does not.
  if (::umount2(".", MNT_DETACH) != 0) return failed("leave the host's root");
  return {};
}

}  // namespace

Result<void> enter_root(const SandboxPlan& plan, const std::vector<GeneratedFile>& files,
                        const RootRights& rights) {
  ::umask(0);
  const Stored stored = where_stored(plan, files);
  const bool is_image = !plan.image.empty();
  auto trees = is_image ? Result<std::vector<Opened>>(std::vector<Opened>())
                        : open_trees(plan, rights.in_user_namespace, rights.owner_map);
  if (!trees) return trees.error();
  auto layers = open_layers(plan);
  if (!layers) return layers.error();
  HostViews views;
  if (!rights.of_the_host) {
    views = {clone_tree("/proc"), clone_tree("/sys")};
    if (!views.proc || !views.sys) return failed("see the host's '/proc' and '/sys'");
  }
  // What is opened is found by its descriptor from here on.
  if (make_all_private() != 0) return failed("make the mounts private");
  if (::mount("coldframe", k_building_site, "tmpfs", MS_NOSUID, "mode=0755,size=4m") != 0 ||
      ::chdir(k_building_site) != 0 || ::mkdir(k_store, 0755) != 0) {
    return failed("mount a new root");
  }
  auto made = is_image ? mount_image(plan, *layers, k_store) : lay_out(plan, *trees, stored);
  if (!made) return made;
  if (auto ok = make_devices(); !ok) return ok;
  if (!rights.of_the_host) {
    if (auto ok = attach_host_views(views); !ok) return ok;
  }
  const std::string draft = std::string(is_image ? "tmp" : k_store) + "/file";
  if (auto ok = put_files(files, stored, draft); !ok) return ok;
  if (auto ok = store_files(files, stored); !ok) return ok;
  if (is_image) {
    if (auto ok = close_image(); !ok) return ok;
  }
  return become_root();
}

bool is_first_user_namespace() {
  constexpr ino_t k_its_number = 0xEFFFFFFD;  // fixed in the kernel; others may have the same map
  struct stat info {};
  return ::stat("/proc/self/ns/user", &info) == 0 && info.st_ino == k_its_number;
}

}  // namespace coldframe
