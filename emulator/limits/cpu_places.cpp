#include "emulator/limits/cpu_places.hpp"

#include <sched.h>

#include <algorithm>

#include "emulator/cgroup/cpu_share.hpp"

namespace coldframe {

std::vector<int> allowed_cpus() {
  // The kernel refuses a set that is smaller than its own.
  for (int most = 1024; most <= 1 << 16; most *= 2) {
    cpu_set_t* set = CPU_ALLOC(static_cast<std::size_t>(most));
    if (set == nullptr) return {};
    const std::size_t size = CPU_ALLOC_SIZE(static_cast<std::size_t>(most));
    std::vector<int> cpus;
    const bool known = ::sched_getaffinity(0, size, set) == 0;
    for (int cpu = 0; known && cpu < most; ++cpu) {
      if (CPU_ISSET_S(static_cast<std::size_t>(cpu), size, set)) cpus.push_back(cpu);
    }
    CPU_FREE(set);
    if (known) return cpus;
  }
  return {};
}

std::vector<int> CpuPlaces::next(int memory_mb) {
  const auto wanted = static_cast<std::size_t>(visible_vcpus(memory_mb));
  if (wanted >= cpus_.size()) return {};
  std::vector<int> out;
  for (std::size_t i = 0; i < wanted; ++i)
    out.push_back(cpus_[(first_ + i) % cpus_.size()]);
  first_ = (first_ + wanted) % cpus_.size();
  std::sort(out.begin(), out.end());
  return out;
}

int CpuPlaces::missing(int memory_mb) const {
  return cpus_.empty() ? 0 : std::max(0, visible_vcpus(memory_mb) - count());
}

std::string missing_cpus_text(int memory_mb, const CpuPlaces& places) {
  return "a function of " + std::to_string(memory_mb) + " MB sees " +
         std::to_string(visible_vcpus(memory_mb)) + " vCPUs on Lambda, this host has " +
         std::to_string(places.count()) + ": what it does in parallel is slower here";
}

}  // namespace coldframe
