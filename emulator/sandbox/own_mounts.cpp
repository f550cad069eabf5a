#include "emulator/sandbox/own_mounts.hpp"

#include <sys/mount.h>

#include <cerrno>
#include <cstring>

#include "emulator/base/unique_fd.hpp"
#include "emulator/sandbox/mount_calls.hpp"
#include "emulator/sandbox/place_inside.hpp"

namespace coldframe {
namespace {

using namespace mounts;

Error failed(const std::string& step) {
  return host_error("the sandbox cannot be set up: " + step + ": " + std::strerror(errno));
}

// True also where there is nothing to bind to.
bool bind_over(const char* from, const char* to, bool& there) {
  there = ::mount(from, to, nullptr, MS_BIND, nullptr) == 0;
  return there || errno == ENOENT;
}

Result<void> mount_proc() {
  if (::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0) {
    return failed("mount '/proc'");
  }
  bool there = false;
  for (const char* part :
       {"/proc/sys", "/proc/irq", "/proc/bus", "/proc/fs", "/proc/sysrq-trigger"}) {
    if (!bind_over(part, part, there) || (there && set_attributes(part, k_read_only) != 0)) {
      return failed(std::string("make '") + part + "' read-only");
    }
  }
  for (const char* part : {"/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug"}) {
    if (!bind_over("/dev/null", part, there)) return failed(std::string("hide '") + part + "'");
  }
  return {};
}

bool is_in_tmp(const std::string& path) { return path == "/tmp" || path.starts_with("/tmp/"); }

bool is_kernel_file(const std::string& path) {
  return path.starts_with("/proc/") || path.starts_with("/sys/");
}

Result<void> attach_at(const std::string& path, int mount) {
  if (is_in_tmp(path)) {
    const UniqueFd place = open_or_make_inside(path.substr(1));
    if (!place || attach(mount, place.get()) != 0) return failed("mount '" + path + "'");
    return {};
  }
  // Where the kernel has no such file, there is nothing to cover.
  if (attach(mount, path) != 0 && errno != ENOENT) return failed("replace '" + path + "'");
  return {};
}

}  // namespace

std::vector<std::string> own_places(const SandboxPlan& plan,
                                    const std::vector<GeneratedFile>& files) {
  std::vector<std::string> places;
  for (const auto& mount : plan.mounts) {
    if (is_in_tmp(mount.to)) places.push_back(mount.to);
  }
  for (const auto& file : files) {
    if (is_kernel_file(file.path)) places.push_back(file.path);
  }
  return places;
}

std::string stored_place(std::size_t index) { return "/tmp/" + std::to_string(index); }

Result<void> mount_own(const std::vector<std::string>& places, int tmp_fd, bool has_sys) {
  std::vector<UniqueFd> stored;
  for (std::size_t i = 0; i < places.size(); ++i) {
    stored.push_back(clone_tree(stored_place(i)));
    if (!stored.back()) return failed("open what becomes '" + places[i] + "'");
  }
  if (attach(tmp_fd, "/tmp") != 0) return failed("mount '/tmp'");
  if (auto ok = mount_proc(); !ok) return ok;
  const unsigned long sys_flags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
  // In a user namespace not without a network of its own.
  if (::mount("sysfs", "/sys", "sysfs", sys_flags, nullptr) != 0 && !(has_sys && errno == EPERM)) {
    return failed("mount '/sys'");
  }
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (auto ok = attach_at(places[i], stored[i].get()); !ok) return ok;
  }
  return {};
}

}  // namespace coldframe
