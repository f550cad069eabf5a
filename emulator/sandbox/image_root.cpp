#include "emulator/sandbox/image_root.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "emulator/sandbox/mount_calls.hpp"

namespace coldframe {
namespace {

Error failed(const std::string& step) {
  return host_error("the sandbox cannot be set up: " + step + ": " + std::strerror(errno));
}

// What every root needs a place for, below all that the image has. An image without
// /etc/resolv.conf or /etc/hosts gets one, as docker has it, too.
Result<void> make_places(const std::string& directory) {
  for (const char* name : {"", "/dev", "/etc", "/proc", "/sys", "/tmp"}) {
    if (::mkdir((directory + name).c_str(), 0755) != 0) return failed("make a place in the root");
  }
  for (const char* name : {"/etc/resolv.conf", "/etc/hosts"}) {
    const UniqueFd file(
        ::open((directory + name).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!file) return failed("make a place in the root");
  }
  return {};
}

// A link could lead to the host's, by whose root paths are still looked up.
Result<void> check_place(const char* name) {
  struct stat info {};
  if (::lstat(name, &info) != 0) return failed(std::string("find '/") + name + "' in the image");
  if (S_ISDIR(info.st_mode)) return {};
  return host_error(std::string("the image cannot be run: its '/") + name + "' is no directory");
}

}  // namespace

Result<std::vector<UniqueFd>> open_layers(const SandboxPlan& plan) {
  std::vector<UniqueFd> layers;
  for (const auto& directory : plan.image) {
    layers.emplace_back(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!layers.back()) return failed("open '" + directory + "'");
  }
  return layers;
}

Result<void> mount_image(const SandboxPlan& plan, const std::vector<UniqueFd>& layers,
                         const std::string& store) {
  const std::string places = store + "/places";
  const std::string root = store + "/root";
  if (auto ok = make_places(places); !ok) return ok;
  if (::mkdir(root.c_str(), 0755) != 0) return failed("make a place for the root");
  // By their descriptors: 127 paths do not fit into the page that the kernel reads.
  std::string options = "lowerdir=";
  for (const UniqueFd& layer : layers)
    options += "/proc/self/fd/" + std::to_string(layer.get()) + ":";
  options += places;
  if (!plan.image_has_trusted_xattrs) options += ",userxattr";
  constexpr unsigned long k_flags = MS_RDONLY | MS_NOSUID | MS_NODEV;
  if (::mount("overlay", root.c_str(), "overlay", k_flags, options.c_str()) != 0) {
    return failed("mount the image's layers as an overlay");
  }
  if (::chdir(root.c_str()) != 0) return failed("enter the new root");
  for (const char* name : {"dev", "proc", "sys", "tmp"}) {
    if (auto ok = check_place(name); !ok) return ok;
  }
  for (const char* name : {"dev", "tmp"}) {
    if (::mount("coldframe", name, "tmpfs", MS_NOSUID, "mode=0755,size=4m") != 0) {
      return failed(std::string("mount '/") + name + "'");
    }
  }
  return {};
}

Result<void> close_image() {
  if (mounts::set_attributes("dev", mounts::k_read_only | mounts::k_no_suid) != 0) {
    return failed("make '/dev' read-only");
  }
  return {};
}

}  // namespace coldframe
