#include "emulator/limits/limits_trial.hpp"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <new>
#include <thread>
#include <vector>

#include "emulator/process/group_entry.hpp"

namespace coldframe {
namespace {

constexpr std::chrono::milliseconds k_gap{2};  // shorter pauses are those of any process
constexpr int k_most_gaps = 2000;

// What the child leaves for us.
struct Notes {
  struct Gap {
    std::int64_t from, to;
  } gaps[k_most_gaps];
  int count;
};

std::int64_t now_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);  // no system call: one would have the kernel look
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

[[noreturn]] void spin(Notes& notes, const std::vector<int>& join, pid_t parent, Duration length) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none,
                nullptr);  // Ctrl-C ends it, whatever our caller does about that
  if (join_groups(join, false) != 0) ::_exit(1);
  const std::int64_t end = now_ns() + length.count();
  std::int64_t last = now_ns();
  while (last < end && notes.count < k_most_gaps) {
    const std::int64_t now = now_ns();
    if (now - last > Duration(k_gap).count()) notes.gaps[notes.count++] = {last, now};
    last = now;
  }
  ::_exit(0);
}

Duration median(std::vector<std::int64_t> values) {
  if (values.empty()) return {};
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return Duration(*middle);
}

// From one gap's end to another's, so that the full bucket at the beginning does not count.
Result<LimitsTrial> summarize(const Notes& notes, CpuQuota quota) {
  constexpr int k_least_gaps = 3;
  if (notes.count < k_least_gaps) return host_error("a busy process was not held back at all");
  std::vector<std::int64_t> bursts;
  std::vector<std::int64_t> gaps;
  std::vector<std::int64_t> off;
  const std::int64_t period = Duration(quota.period).count();
  std::int64_t ran = 0;
  for (int i = 1; i < notes.count; ++i) {
    bursts.push_back(notes.gaps[i].from - notes.gaps[i - 1].to);
    gaps.push_back(notes.gaps[i].to - notes.gaps[i].from);
    const std::int64_t rest = (notes.gaps[i].to - notes.gaps[i - 1].to) % period;
    off.push_back(std::min(rest, period - rest));
    ran += bursts.back();
  }
  const auto wall = notes.gaps[notes.count - 1].to - notes.gaps[0].to;
  return LimitsTrial{median(bursts), median(gaps), median(off),
                     static_cast<double>(ran) / static_cast<double>(wall),
                     to_ms(quota.quota) / to_ms(quota.period)};
}

}  // namespace

Duration kernel_tick() {
  timespec resolution{};
  if (::clock_getres(CLOCK_MONOTONIC_COARSE, &resolution) != 0) return {};
  return std::chrono::seconds(resolution.tv_sec) + Duration(resolution.tv_nsec);
}

Result<LimitsTrial> try_limits(CgroupRun& run, int memory_mb, Duration length) {
  auto group = run.create("trial", {});
  if (!group) return group.error();
  const CpuQuota quota = cpu_quota(memory_mb);
  if (auto done = (*group)->limit_cpu(quota); !done) return done.error();
  void* memory =
      ::mmap(nullptr, sizeof(Notes), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return host_error(std::string("mmap: ") + std::strerror(errno));
  auto& notes = *new (memory) Notes{};
  const auto join = (*group)->join_descriptors();
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) spin(notes, join, parent, length);
  int status = -1;
  while (child > 0 && ::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  auto trial = summarize(notes, quota);
  ::munmap(memory, sizeof(Notes));
  for (int i = 0; i < 100 && !(*group)->remove(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  if (status != 0) return host_error("the process of the trial could not run or was killed");
  return trial;
}

}  // namespace coldframe
