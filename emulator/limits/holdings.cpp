#include "emulator/limits/holdings.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/base/unique_fd.hpp"

namespace coldframe {
namespace {

std::string place_of(pid_t pid, const char* name) {
  return "/proc/" + std::to_string(pid) + "/" + name;
}

// The 20th word of its stat; the second is its name, in brackets, and may have any character.
std::optional<int> threads_of(pid_t pid) {
  constexpr int k_words_between = 17;
  char buffer[1024];
  const UniqueFd file(::open(place_of(pid, "stat").c_str(), O_RDONLY | O_CLOEXEC));
  const ssize_t got = file ? ::read(file.get(), buffer, sizeof buffer - 1) : 0;
  if (got <= 0) return std::nullopt;
  buffer[got] = '\0';
  std::string_view text(buffer, static_cast<std::size_t>(got));
  const auto name_end = text.rfind(") ");
  if (name_end == std::string_view::npos) return std::nullopt;
  text.remove_prefix(name_end + 2);
  for (int i = 0; i < k_words_between; ++i) {
    const auto space = text.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    text.remove_prefix(space + 1);
  }
  const long threads = std::strtol(text.data(), nullptr, 10);
  if (threads <= 0) return std::nullopt;
  return static_cast<int>(threads);
}

// Linux 6.2 and newer tell it as the size of the directory.
std::optional<int> count_descriptors(pid_t pid) {
  const std::string path = place_of(pid, "fd");
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  if (info.st_size > 0) return static_cast<int>(info.st_size);
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), ::closedir);
  if (!directory) return std::nullopt;
  int count = 0;
  while (const dirent* entry = ::readdir(directory.get()))
    if (entry->d_name[0] != '.') ++count;
  return count;
}

Duration own_cpu() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

std::optional<Holdings> read_holdings(pid_t runtime, const EnvironmentLimits& limits) {
  // Groups do not show who waits to be collected, trees do not show whose parent has ended.
  std::vector<pid_t> all = process_tree(runtime);
  if (all.empty()) return std::nullopt;
  for (const pid_t pid : limits.processes())
    all.push_back(pid);
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  Holdings held;
  held.threads = threads_of(runtime);
  held.descriptors = count_descriptors(runtime);
  held.children = static_cast<int>(all.size()) - 1;
  for (const pid_t pid : all) {
    if (const auto bytes = resident_bytes(pid)) {
      held.resident_bytes = held.resident_bytes.value_or(0) + *bytes;
    }
  }
  return held;
}

std::optional<int> count_threads(const EnvironmentLimits& limits) {
  int sum = 0;
  for (const pid_t pid : limits.processes())
    sum += threads_of(pid).value_or(0);
  return sum > 0 ? std::optional<int>(sum) : std::nullopt;
}

std::optional<Holdings> HoldingsMeter::look(pid_t runtime, const EnvironmentLimits& limits,
                                            TimePoint now) {
  if (last_) credit_ = std::min(k_most_credit, credit_ + (now - *last_) / 100);
  last_ = now;
  if (credit_ <= Duration::zero()) return std::nullopt;
  const Duration before = own_cpu();
  auto held = read_holdings(runtime, limits);
  credit_ -= own_cpu() - before;
  return held;
}

}  // namespace coldframe
