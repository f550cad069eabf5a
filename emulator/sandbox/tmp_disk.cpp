#include "emulator/sandbox/tmp_disk.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

#include "emulator/sandbox/disk_template.hpp"
#include "emulator/sandbox/loop_device.hpp"

namespace coldframe {
namespace {

// ext4's own, which no header of the kernel's for programs has.
constexpr unsigned long k_ext4_shutdown = _IOR('X', 125, std::uint32_t);
constexpr std::uint32_t k_without_writing = 2;
constexpr std::int64_t k_own_blocks = 128;  // of 512 bytes
constexpr int k_files_per_mb = 64;          // what mke2fs makes of 512 MiB and more

Error failed(const std::string& step) {
  return host_error("no file system for /tmp: " + step + ": " + std::strerror(errno));
}

struct Option {
  const char* key;
  std::string value;  // empty: a flag
};

// A mount that is nowhere yet.
Result<UniqueFd> detached_mount(const char* type, std::span<const Option> options) {
  const std::string name(type);
  const UniqueFd context(static_cast<int>(::syscall(SYS_fsopen, type, FSOPEN_CLOEXEC)));
  if (!context) return failed("fsopen " + name);
  for (const auto& [key, value] : options) {
    const bool flag = value.empty();
    if (::syscall(SYS_fsconfig, context.get(), flag ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING, key,
                  flag ? nullptr : value.c_str(), 0) != 0) {
      return failed(name + " with " + key + " " + value);
    }
  }
  if (::syscall(SYS_fsconfig, context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
    return failed("mounting " + name);
  }
  UniqueFd mount(static_cast<int>(::syscall(SYS_fsmount, context.get(), FSMOUNT_CLOEXEC,
                                            MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)));
  if (!mount) return failed("fsmount " + name);
  return mount;
}

UniqueFd open_root(int mount) {
  return UniqueFd(::openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

Result<UniqueFd> mount_device(const std::string& path) {
  // Else the kernel writes the inode tables out in the background: 160 MiB of a large disk.
  const Option options[] = {{"source", path}, {"noinit_itable", ""}};
  return detached_mount("ext4", options);
}

bool same(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

}  // namespace

// The kernel may write down by itself what it had in memory: that is little.
bool TmpDisk::Traces::is_like(const Traces& before) const {
  return free_bytes == before.free_bytes && free_files == before.free_files &&
         same(modified, before.modified) && same(changed, before.changed) &&
         blocks_behind <= before.blocks_behind + k_own_blocks;
}

Result<TmpDisk> TmpDisk::create(int size_mb, const std::string& cache_directory) {
  auto disk = create_disk(size_mb, cache_directory);
  if (disk) return disk;
  return create_tmpfs(size_mb, disk.error().message);
}

Result<TmpDisk> TmpDisk::create_disk(int size_mb, const std::string& cache_directory) {
  struct statfs about {};
  if (::statfs(cache_directory.c_str(), &about) != 0) return failed(cache_directory);
  if (about.f_type == TMPFS_MAGIC) {
    return host_error("no disk for /tmp: " + cache_directory + " is in memory itself");
  }
  auto file = copy_disk_template(size_mb, cache_directory);
  if (!file) return file.error();
  auto loop = attach_loop_device(file->get());
  if (!loop) return loop.error();
  auto mount = mount_device(loop->path);
  if (!mount) return mount.error();
  TmpDisk disk(std::move(*mount), size_mb, "");
  disk.loop_number_ = loop->number;
  disk.device_ = loop->path;
  disk.file_ = std::move(*file);
  const UniqueFd root = open_root(disk.mount_fd());
  if (!root || ::fchmod(root.get(), 01777) != 0) return failed("its root directory");
  ::unlinkat(root.get(), "lost+found", AT_REMOVEDIR);
  disk.free_when_empty_ = disk.free_bytes().value_or(0);
  disk.when_empty_ = disk.traces();
  return disk;
}

Result<TmpDisk> TmpDisk::create_tmpfs(int size_mb, std::string reason) {
  // Of files as many as on a disk of that size. By default there could be one for every second page
  // of memory, and empty ones do not count against the size.
  const Option options[] = {{"size", std::to_string(size_mb) + "m"},
                            {"nr_inodes", std::to_string(size_mb * k_files_per_mb)},
                            {"mode", "1777"}};
  auto mount = detached_mount("tmpfs", options);
  if (!mount) return mount.error();
  TmpDisk disk(std::move(*mount), size_mb, std::move(reason));
  disk.free_when_empty_ = disk.free_bytes().value_or(0);
  return disk;
}

TmpDisk::~TmpDisk() {
  if (!mount_) return;
  mount_.reset();
  if (loop_number_ >= 0) remove_loop_device(loop_number_);
}

std::optional<std::int64_t> free_bytes_of(int fd) {
  struct statfs about {};
  if (::fstatfs(fd, &about) != 0) return std::nullopt;
  return static_cast<std::int64_t>(about.f_bfree) * about.f_bsize;
}

std::optional<std::int64_t> TmpDisk::free_bytes() const { return free_bytes_of(mount_.get()); }

std::optional<std::int64_t> TmpDisk::used_bytes() const {
  const auto free = free_bytes();
  if (!free) return std::nullopt;
  return free_when_empty_ - *free;
}

std::optional<TmpDisk::Traces> TmpDisk::traces() const {
  const UniqueFd root = open_root(mount_.get());
  struct stat about {};
  struct statfs space {};
  struct stat behind {};
  if (!root || ::fstat(root.get(), &about) != 0 || ::fstatfs(root.get(), &space) != 0 ||
      ::fstat(file_.get(), &behind) != 0) {
    return std::nullopt;
  }
  return Traces{static_cast<std::int64_t>(space.f_bfree) * space.f_bsize, space.f_ffree,
                about.st_mtim, about.st_ctim, behind.st_blocks};
}

// A name that came or went has changed the directory; what never had one has left blocks behind.
bool TmpDisk::is_untouched() const {
  if (kind() != TmpKind::disk || !when_empty_) return false;
  const auto now = traces();
  return now && now->is_like(*when_empty_);
}

// The mount that a sandbox had has gone with it. The file system is there as long as we hold that.
Result<void> TmpDisk::mount_again() {
  auto mount = mount_device(device_);
  if (!mount) return mount.error();
  mount_ = std::move(*mount);
  // It is born now: also the time of its last reading is its own.
  const UniqueFd root = open_root(mount_.get());
  if (!root || ::futimens(root.get(), nullptr) != 0) return failed("its times");
  when_empty_ = traces();
  return {};
}

void TmpDisk::discard() {
  if (kind() != TmpKind::disk) return;
  if (const UniqueFd root = open_root(mount_.get())) {
    std::uint32_t how = k_without_writing;
    ::ioctl(root.get(), k_ext4_shutdown, &how);
  }
}

}  // namespace coldframe
