#include "emulator/process/usage.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/base/unique_fd.hpp"

namespace coldframe {
namespace {

constexpr std::size_t k_most_processes = 1024;

std::size_t read_small(const char* path, char* buffer, std::size_t size) {
  UniqueFd fd(::open(path, O_RDONLY | O_CLOEXEC));
  if (!fd) return 0;
  const ssize_t got = ::read(fd.get(), buffer, size);
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

// "VmRSS:     1234 kB" → bytes.
std::int64_t status_value(std::string_view status, std::string_view key) {
  const auto at = status.find(key);
  if (at == std::string_view::npos) return 0;
  return std::strtoll(status.data() + at + key.size(), nullptr, 10) * 1024;
}

// Of one thread.
void append_children(const std::string& task, std::vector<pid_t>& out) {
  char text[4096];
  const std::size_t size = read_small((task + "/children").c_str(), text, sizeof text - 1);
  text[size] = '\0';
  for (char* at = text; *at != '\0';) {
    char* end = at;
    const long child = std::strtol(at, &end, 10);
    if (end == at) break;
    out.push_back(static_cast<pid_t>(child));
    at = end;
    while (*at == ' ')
      ++at;
  }
}

void append_children(pid_t pid, std::vector<pid_t>& out) {
  const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
  // A link each thread, beside two of the directory's own: the only thread is called as its
  // process.
  constexpr nlink_t k_one_thread = 3;
  struct stat info {};
  if (::stat(tasks.c_str(), &info) == 0 && info.st_nlink == k_one_thread) {
    return append_children(tasks + "/" + std::to_string(pid), out);
  }
  std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(tasks.c_str()), ::closedir);
  if (!directory) return;
  while (const dirent* entry = ::readdir(directory.get())) {
    if (entry->d_name[0] != '.') append_children(tasks + "/" + entry->d_name, out);
  }
}

}  // namespace

std::optional<Duration> process_cpu(pid_t pid) {
  if (pid <= 0) return std::nullopt;
  // The clock id of clock_getcpuclockid(3), which glibc checks with one more system call.
  const auto clock = static_cast<clockid_t>((~static_cast<unsigned>(pid) << 3) | 2U);
  timespec time{};
  if (::clock_gettime(clock, &time) != 0) return std::nullopt;
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

std::optional<std::int64_t> peak_resident(pid_t pid) {
  if (pid <= 0) return std::nullopt;
  char status[4096];
  const std::string path = "/proc/" + std::to_string(pid) + "/status";
  const std::size_t size = read_small(path.c_str(), status, sizeof status - 1);
  status[size] = '\0';
  const std::string_view text(status, size);
  if (text.find("VmHWM:") == std::string_view::npos) return std::nullopt;
  return status_value(text, "VmHWM:");
}

std::optional<std::int64_t> resident_bytes(pid_t pid) {
  char text[256];
  const std::string path = "/proc/" + std::to_string(pid) + "/statm";
  const std::size_t size = read_small(path.c_str(), text, sizeof text - 1);
  text[size] = '\0';
  char* second = nullptr;
  std::strtoll(text, &second, 10);
  if (size == 0 || second == text) return std::nullopt;
  return std::strtoll(second, nullptr, 10) * ::sysconf(_SC_PAGESIZE);
}

std::optional<std::int64_t> proportional_bytes(pid_t pid) {
  char text[4096];
  const std::string path = "/proc/" + std::to_string(pid) + "/smaps_rollup";
  const std::size_t size = read_small(path.c_str(), text, sizeof text - 1);
  text[size] = '\0';
  const std::string_view rollup(text, size);
  if (rollup.find("\nPss:") == std::string_view::npos) return std::nullopt;
  return status_value(rollup, "\nPss:");
}

std::vector<pid_t> process_tree(pid_t pid) {
  if (!process_cpu(pid)) return {};
  std::vector<pid_t> tree{pid};
  for (std::size_t i = 0; i < tree.size() && i < k_most_processes; ++i)
    append_children(tree[i], tree);
  return tree;
}

std::optional<TreeMemory> tree_memory(pid_t pid) {
  if (pid <= 0) return std::nullopt;
  TreeMemory memory;
  std::vector<pid_t> tree{pid};
  for (std::size_t i = 0; i < tree.size() && i < k_most_processes; ++i) {
    char status[4096];
    const std::string path = "/proc/" + std::to_string(tree[i]) + "/status";
    const std::size_t size = read_small(path.c_str(), status, sizeof status - 1);
    status[size] = '\0';
    const std::string_view text(status, size);
    if (i == 0 && text.find("VmHWM:") == std::string_view::npos) return std::nullopt;
    memory.resident_bytes += status_value(text, "VmRSS:");
    if (i == 0) memory.leader_peak_bytes = status_value(text, "VmHWM:");
    append_children(tree[i], tree);
  }
  memory.processes = tree.size();
  return memory;
}

bool MemoryMeter::is_due(pid_t pid, TimePoint now) {
  constexpr auto k_longest_pause = std::chrono::milliseconds(250);
  if (now < next_look_) return false;
  if (!alone_ || now - sampled_ >= k_longest_pause) return true;
  const Duration missing = pause_ - (process_cpu(pid).value_or(Duration::max()) - cpu_);
  if (missing <= Duration::zero()) return true;
  // It may have more threads than one.
  next_look_ = std::min<TimePoint>(now + missing / 2, sampled_ + k_longest_pause);
  return false;
}

void MemoryMeter::sample(pid_t pid, TimePoint now, bool forced) {
  if (!forced && !is_due(pid, now)) return;
  const auto started = std::chrono::steady_clock::now();
  const auto memory = tree_memory(pid);
  const auto cost = std::chrono::steady_clock::now() - started;
  sampled_ = now;
  pause_ = std::max<Duration>(cost * 100, std::chrono::milliseconds(1));
  next_look_ = now + pause_;
  missed_ = !memory;
  if (!memory) return;
  alone_ = memory->processes == 1;
  cpu_ = process_cpu(pid).value_or(Duration::zero());
  peak_ = std::max({peak_.value_or(0), memory->resident_bytes, memory->leader_peak_bytes});
}

void MemoryMeter::end(const FinalMemory& memory) {
  constexpr std::int64_t k_slack = 512 * 1024;  // the kernel's counts are lazy
  missed_ = false;
  alone_ = false;
  next_look_ = {};
  if (memory.inherited_bytes > 0 && memory.peak_bytes > memory.inherited_bytes + k_slack) {
    peak_ = std::max(peak_.value_or(0), memory.peak_bytes);
  } else {
    unseen_ = std::max(unseen_, memory.peak_bytes);
  }
}

std::optional<std::int64_t> MemoryMeter::peak_bytes() const {
  if (missed_ || peak_.value_or(0) < unseen_) return std::nullopt;
  return peak_;
}

}  // namespace coldframe
