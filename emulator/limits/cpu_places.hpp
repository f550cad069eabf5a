// Which of this host's CPUs an environment may use, so that it sees as many as on Lambda.
//
//   CpuPlaces places(allowed_cpus());
//   places.next(512);       // {0, 1};  the next environment gets {2, 3}
//
// One thread.
#pragma once

#include <string>
#include <vector>

namespace coldframe {

// Those that this process may use, ascending; empty: nobody knows.
std::vector<int> allowed_cpus();

class CpuPlaces {
 public:
  explicit CpuPlaces(std::vector<int> cpus) : cpus_(std::move(cpus)) {}
  // As many as a function of that size sees on Lambda; all where there are no more: then empty.
  std::vector<int> next(int memory_mb);
  // How many of the CPUs that the function sees on Lambda this host does not have; 0: none.
  int missing(int memory_mb) const;
  int count() const { return static_cast<int>(cpus_.size()); }

 private:
  std::vector<int> cpus_;
  std::size_t first_ = 0;
};

// "a function of 10240 MB sees 6 vCPUs on Lambda, this host has 2: …"
std::string missing_cpus_text(int memory_mb, const CpuPlaces& places);

}  // namespace coldframe
