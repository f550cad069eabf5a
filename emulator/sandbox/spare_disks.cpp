#include "emulator/sandbox/spare_disks.hpp"

#include <algorithm>
#include <utility>

namespace coldframe {
namespace {

constexpr std::size_t k_most_spares = 4;

}  // namespace

Result<TmpDisk> SpareDisks::get(int size_mb, const std::string& cache_directory) {
  const auto spare = std::find_if(disks_.begin(), disks_.end(),
                                  [&](const TmpDisk& disk) { return disk.size_mb() == size_mb; });
  if (spare != disks_.end()) {
    TmpDisk disk = std::move(*spare);
    disks_.erase(spare);
    if (disk.mount_again() && disk.is_untouched()) return disk;
  }
  return TmpDisk::create(size_mb, cache_directory);
}

void SpareDisks::put(TmpDisk disk) {
  if (disks_.size() < k_most_spares && disk.is_untouched()) {
    disks_.push_front(std::move(disk));
  } else {
    disk.discard();
  }
}

}  // namespace coldframe
