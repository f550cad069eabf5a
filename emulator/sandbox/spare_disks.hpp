// Disks for /tmp that were given to a sandbox in which nobody wrote a file: the next one may have
// them. Making and ending one takes 2 ms of CPU, and most functions never write there.
//
//   auto disk = spares.get(512, cache_directory);   // an untouched one, or a new one
//   …                                               // when nobody is left in its sandbox:
//   spares.put(std::move(*disk));                   // kept if untouched, else thrown away
//
// Nothing of one environment is seen by another: what was ever written on is not kept. A few at
// most; each keeps its loop device and 100 KB on the disk, for as long as this object lives.
#pragma once

#include <list>
#include <string>

#include "emulator/sandbox/tmp_disk.hpp"

namespace coldframe {

class SpareDisks {
 public:
  // As TmpDisk::create().
  Result<TmpDisk> get(int size_mb, const std::string& cache_directory);
  void put(TmpDisk disk);

 private:
  std::list<TmpDisk> disks_;  // the latest first
};

}  // namespace coldframe
