// The control groups that hold one environment: one directory where everything is v2, one in each
// hierarchy used where it is v1 or both.
//
//   auto group = run->create("a1b2", {.memory_bytes = 512 * 1024 * 1024});     // CgroupRun
//   join_groups((*group)->join_descriptors(), false)  // in the child, before its exec
//   (*group)->limit_cpu(cpu_quota(512));              // after the init
//   (*group)->kill();                                 // then, until they are true:
//   if ((*group)->is_empty() && (*group)->remove()) …
//
// Limits of memory and processes stand from the beginning, CPU is unlimited until limit_cpu(). The
// destructor kills and removes what is left, as far as that goes at once. Errors are those of the
// kernel, one sentence, exit code 4; the group stays as it was. No call waits; one thread at a
// time.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "emulator/base/clock.hpp"
#include "emulator/base/error.hpp"
#include "emulator/cgroup/cpu_share.hpp"

namespace coldframe {

struct CgroupLimits {
  std::int64_t memory_bytes = 0;  // 0: no limit. Swap is forbidden, as Lambda has none
  int processes = 1024;           // and threads, together; Lambda's quota (AWS documentation)
};

struct CpuUsage {
  Duration used{};       // of all processes that are, or were, in the group
  Duration throttled{};  // summed over CPUs, and not exactly the time that was lost
  std::int64_t periods = 0;
  std::int64_t periods_throttled = 0;
};

// For poll(2). What comes may be less than an OOM kill (v2: also a limit that was reached; v1: the
// end of the group), so ask oom_kills(), and call oom_event_seen() or it stays ready.
struct OomEvent {
  int fd = -1;
  short events = 0;  // POLLIN, or POLLPRI where POLLIN is always there
};

class Cgroup {
 public:
  virtual ~Cgroup() = default;

  // What a new process joins it through (group_entry.hpp), close-on-exec; valid as long as this
  // object.
  virtual std::vector<int> join_descriptors() const = 0;

  // Nothing: unlimited. Each call fills the bucket again, so do not call it for every invoke.
  virtual Result<void> limit_cpu(const std::optional<CpuQuota>& quota) = 0;
  virtual Result<CpuUsage> cpu_usage() const = 0;
  // Bytes that are anonymous, shared, or mapped from files: what Lambda's "Max Memory Used" stands
  // for. Unmapped page cache is not in it; shared memory that is mapped counts twice, up to what is
  // charged.
  virtual Result<std::int64_t> memory_usage() const = 0;
  // The kernel's high-water mark of all that was charged, page cache too; absent before Linux 5.19
  // (v2).
  virtual std::optional<std::int64_t> peak_charged_bytes() const = 0;
  // Opens what is read and written often, some eight files, so that the first time is as quick as
  // those after it.
  virtual void open_files() const = 0;

  // How many processes the kernel has killed because the group had no memory left. With v2 it kills
  // all of the group at once, and counts the first of them twice if it is not quite gone by then;
  // with v1 one process, and kill() ends the others.
  virtual Result<std::int64_t> oom_kills() const = 0;
  virtual std::optional<OomEvent> oom_event() const = 0;
  virtual void oom_event_seen() = 0;

  // Frozen processes do not run until thawed, and die when we do. Takes some milliseconds until
  // is_frozen(). Without a cgroup v2 mount an error, exit code 77: use SIGSTOP there.
  virtual bool can_freeze() const = 0;
  virtual Result<void> freeze() = 0;
  virtual Result<void> thaw() = 0;
  virtual bool is_frozen() const = 0;

  // SIGKILL to everyone in the group, frozen or not, but not to who joins later; they are gone when
  // is_empty().
  virtual void kill() = 0;
  virtual bool is_empty() const = 0;
  // Who is in it and can be named from here.
  virtual std::vector<pid_t> processes() const = 0;
  // True: no directory is left, nor will anything else work. False: somebody is still in it; ask
  // again in a millisecond.
  virtual bool remove() = 0;

  // What could not be had, a sentence each: "swap cannot be forbidden: …".
  virtual const std::vector<std::string>& notes() const = 0;
};

}  // namespace coldframe
