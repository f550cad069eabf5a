// What a process has used so far, read from the kernel without its help.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "emulator/base/clock.hpp"

namespace coldframe {

// CPU time of all threads of the process, children not included; a system call of < 1 µs.
// Nothing if the process is gone.
std::optional<Duration> process_cpu(pid_t pid);

struct TreeMemory {
  std::int64_t resident_bytes = 0;     // sum over the process and its living descendants
  std::int64_t leader_peak_bytes = 0;  // the kernel's high-water mark of the process itself
  std::size_t processes = 0;
};
// Some 20 µs a process; nothing if the process is gone.
std::optional<TreeMemory> tree_memory(pid_t pid);

// Peak memory of a runtime over the life of its environment. For a single process it is exact (the
// kernel keeps the mark); for a tree it is the largest sum seen at a sample. A sample that is not
// forced is left out while it would cost more than 1 % of the time; and, with a single process, of
// the CPU time that process has used since the last one (memory does not grow by itself), unless
// that one is older than 250 ms.
class MemoryMeter {
 public:
  void sample(pid_t pid, TimePoint now, bool forced = false);
  std::optional<std::int64_t> peak_bytes() const { return peak_; }

 private:
  bool is_due(pid_t pid, TimePoint now);

  std::optional<std::int64_t> peak_;
  TimePoint sampled_{};
  TimePoint next_look_{};  // before it, even the CPU time used is not asked for
  Duration pause_{};       // 100 times what the last sample cost
  Duration cpu_{};         // of the process, at the last sample
  bool alone_ = false;
};

}  // namespace coldframe
