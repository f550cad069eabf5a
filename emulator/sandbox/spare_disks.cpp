#include "emulator/sandbox/spare_disks.hpp"

#include <algorithm>
#include <utility>

namespace coldframe {
namespace {

constexpr std::size_t k_most_spares = 4;

}  // namespace

Result<TmpDisk> SpareDisks::get(const std::string& task_root, int size_mb,
                                const std::string& cache_directory) {
  const auto spare = std::find_if(spares_.begin(), spares_.end(), [&](const Spare& one) {
    return one.task_root == task_root && one.disk.size_mb() == size_mb;
  });
  if (spare != spares_.end()) {
    TmpDisk disk = std::move(spare->disk);
    spares_.erase(spare);
    if (disk.is_untouched() && disk.mount_again()) return disk;
    disk.discard();
  }
  auto made = TmpDisk::create(size_mb, cache_directory);
  if (spares_.empty() || (made && made->kind() == TmpKind::disk)) return made;
  clear();  // perhaps they have the last loop devices
  return TmpDisk::create(size_mb, cache_directory);
}

void SpareDisks::put(const std::string& task_root, TmpDisk disk) {
  if (!disk.is_untouched()) return disk.discard();
  if (spares_.size() == k_most_spares) {
    spares_.back().disk.discard();
    spares_.pop_back();
  }
  spares_.push_front({task_root, std::move(disk)});
}

void SpareDisks::clear() {
  for (Spare& spare : spares_)
    spare.disk.discard();
  spares_.clear();
}

}  // namespace coldframe
