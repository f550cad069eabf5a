// Disks for /tmp that were given to a sandbox in which nobody wrote a file: the next one may have
// them. Making and ending one takes 2 ms of CPU, and most functions never write there.
//
//   auto disk = spares.get(task_root, 512, cache_directory);   // an untouched one, or a new one
//   …                                              // when nobody is left in its sandbox:
//   spares.put(task_root, std::move(*disk));       // kept if untouched, else thrown away
//
// Nothing of one environment is seen by another: where a name ever was, or more than a little was
// ever written without one, is not kept; and what is kept is for the same function. A few at most;
// each keeps its loop device and 100 KB on the disk, for as long as this object lives.
#pragma once

#include <list>
#include <string>

#include "emulator/sandbox/tmp_disk.hpp"

namespace coldframe {

class SpareDisks {
 public:
  // As TmpDisk::create().
  Result<TmpDisk> get(const std::string& task_root, int size_mb,
                      const std::string& cache_directory);
  void put(const std::string& task_root, TmpDisk disk);
  void clear();

 private:
  struct Spare {
    std::string task_root;
    TmpDisk disk;
  };
  std::list<Spare> spares_;  // the latest first
};

}  // namespace coldframe
