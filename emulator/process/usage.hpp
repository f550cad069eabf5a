// What a process has used so far, read from the kernel without its help.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "emulator/base/clock.hpp"

namespace coldframe {

// CPU time of all threads of the process, children not included; a system call of < 1 µs.
// Nothing if the process is gone.
std::optional<Duration> process_cpu(pid_t pid);

// The kernel's high-water mark of what it had resident; nothing if it is gone. Some 15 µs.
std::optional<std::int64_t> peak_resident(pid_t pid);

// What it has resident now, shared pages in full; some 5 µs. And with shared pages split among
// those who share them: a walk over its memory, about 1 ms for 100 MB. Nothing if it is gone.
std::optional<std::int64_t> resident_bytes(pid_t pid);
std::optional<std::int64_t> proportional_bytes(pid_t pid);

// The process and its living descendants, it first; empty if it is gone. Who has left its parent
// behind is in no tree any more.
std::vector<pid_t> process_tree(pid_t pid);

struct TreeMemory {
  std::int64_t resident_bytes = 0;     // sum over the process and its living descendants
  std::int64_t leader_peak_bytes = 0;  // the kernel's high-water mark of the process itself
  std::size_t processes = 0;
};
// Some 20 µs a process; nothing if the process is gone.
std::optional<TreeMemory> tree_memory(pid_t pid);

// What the kernel says of the memory of a process that has ended: the largest that it, a child that
// it has waited for, or the process that it was forked from (until then) ever had. The last, ours,
// is kept over the exec.
struct FinalMemory {
  std::int64_t peak_bytes = 0;
  std::int64_t inherited_bytes = 0;  // the part of ours
};

// Peak memory of a runtime over the life of its environment; nothing while what nobody has measured
// may have been more. For a single process it is exact (the
// kernel keeps the mark); for a tree it is the largest sum seen at a sample. A sample that is not
// forced is left out while it would cost more than 1 % of the time; and, with a single process, of
// the CPU time that process has used since the last one (memory does not grow by itself), unless
// that one is older than 250 ms.
class MemoryMeter {
 public:
  void sample(pid_t pid, TimePoint now, bool forced = false);
  // The process that was sampled has ended.
  void end(const FinalMemory& memory);
  std::optional<std::int64_t> peak_bytes() const;

 private:
  bool is_due(pid_t pid, TimePoint now);

  std::optional<std::int64_t> peak_;
  std::int64_t unseen_ = 0;  // what was not measured was no more than this
  bool missed_ = false;      // the process was gone at the last sample, and its end is not known
  TimePoint sampled_{};
  TimePoint next_look_{};  // before it, even the CPU time used is not asked for
  Duration pause_{};       // 100 times what the last sample cost
  Duration cpu_{};         // of the process, at the last sample
  bool alone_ = false;
};

}  // namespace coldframe
