// The /tmp of one environment: a file system of the wanted size that vanishes when it is closed.
//
//   auto disk = TmpDisk::create(512, cache_directory);
//   move_mount(disk->mount_fd(), "", AT_FDCWD, "/new/tmp", MOVE_MOUNT_F_EMPTY_PATH);
//   disk->used_bytes();                   // at the end of an invoke
//
// On disk if that is possible: ext4 in a sparse file on a loop device, so that what the function
// writes there does not count as its memory for good. Else tmpfs, whose pages do; reason() says
// why. Mode 1777, nosuid, nodev, empty. Nothing has a name outside: when this object is destroyed
// and the last namespace that mounts it has gone, so has everything, also by kill -9.
// The room is not set aside: on a host whose disk is full the function sees EIO.
// create() needs CAP_SYS_ADMIN over the own mount namespace, and blocks for 1–2 ms, 10 the first
// time. Any thread.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>

#include "emulator/base/error.hpp"
#include "emulator/base/unique_fd.hpp"

namespace coldframe {

enum class TmpKind { disk, tmpfs };

class TmpDisk {
 public:
  // `size_mb`: MiB that a user can write, 1 … 10240. `cache_directory`: exists, on a disk;
  // templates and the file behind are made there. Errors (exit code 4): not even tmpfs can be
  // mounted.
  static Result<TmpDisk> create(int size_mb, const std::string& cache_directory);
  // The same without trying a disk; `reason` is kept.
  static Result<TmpDisk> create_tmpfs(int size_mb, std::string reason);
  TmpDisk(TmpDisk&& other) noexcept = default;
  TmpDisk& operator=(TmpDisk&& other) = delete;
  ~TmpDisk();

  TmpKind kind() const { return loop_number_ < 0 ? TmpKind::tmpfs : TmpKind::disk; }
  // Why it is not a disk, one sentence; empty for a disk.
  const std::string& reason() const { return reason_; }
  // A detached mount (O_PATH), also after it has been moved to its place. Owned by this object.
  int mount_fd() const { return mount_.get(); }
  // More than when it was empty, metadata of large files included; nothing if it cannot be read.
  std::optional<std::int64_t> used_bytes() const;
  // Throws the content away without writing it to the disk, which can take seconds. Whoever still
  // uses it gets EIO. For the end.
  void discard();
  // Whether it is a disk on which nobody has made a file with a name, nor written more than 64 KiB
  // without one; for when nobody uses it any more.
  bool is_untouched() const;
  // Mounts the same file system once more: mount_fd() is a new one, to be moved to another place.
  // Only for an untouched one. 0.05 ms.
  Result<void> mount_again();
  int size_mb() const { return size_mb_; }

 private:
  // The root directory and the file behind, by which a change shows.
  struct Traces {
    std::int64_t free_bytes = 0;
    std::uint64_t free_files = 0;
    timespec modified{};
    timespec changed{};
    std::int64_t blocks_behind = 0;
    bool is_like(const Traces& before) const;
  };
  TmpDisk(UniqueFd mount, int size_mb, std::string reason)
      : mount_(std::move(mount)), size_mb_(size_mb), reason_(std::move(reason)) {}
  static Result<TmpDisk> create_disk(int size_mb, const std::string& cache_directory);
  std::optional<std::int64_t> free_bytes() const;
  std::optional<Traces> traces() const;

  UniqueFd mount_;
  int size_mb_;
  std::string reason_;
  int loop_number_ = -1;
  std::string device_;
  UniqueFd file_;  // behind the device
  std::int64_t free_when_empty_ = 0;
  std::optional<Traces> when_empty_;
};

// Of the file system that `fd` is on; nothing if it cannot be read.
std::optional<std::int64_t> free_bytes_of(int fd);

}  // namespace coldframe
