#include "tests/support/processes.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "emulator/base/unique_fd.hpp"

namespace coldframe::testing {
namespace {

struct Stat {
  char state = 'X';
  pid_t parent = 0;
};

// Not by a stream, which throws if the process goes while it is read.
std::string read_proc(pid_t pid, const char* file) {
  const std::string path = "/proc/" + std::to_string(pid) + "/" + file;
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  char buffer[4096];
  ssize_t got = 0;
  while (fd && (got = ::read(fd.get(), buffer, sizeof buffer)) > 0)
    text.append(buffer, static_cast<std::size_t>(got));
  return text;
}

Stat read_stat(pid_t pid) {
  const std::string text = read_proc(pid, "stat");
  const auto after_name = text.rfind(')');
  Stat stat;
  if (after_name != std::string::npos) {
    std::sscanf(text.c_str() + after_name + 1, " %c %d", &stat.state, &stat.parent);
  }
  return stat;
}

std::vector<pid_t> numbers_in(const char* directory) {
  std::vector<pid_t> out;
  std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(directory), ::closedir);
  while (const dirent* entry = entries ? ::readdir(entries.get()) : nullptr) {
    if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9') out.push_back(std::atoi(entry->d_name));
  }
  return out;
}

}  // namespace

bool is_alive(pid_t pid) {
  const char state = read_stat(pid).state;
  return state != 'Z' && state != 'X';
}

std::vector<pid_t> living_children() {
  auto pids = numbers_in("/proc");
  std::erase_if(pids, [self = ::getpid()](pid_t pid) {
    const Stat stat = read_stat(pid);
    return stat.parent != self || stat.state == 'Z' || stat.state == 'X';
  });
  return pids;
}

std::vector<pid_t> processes_with(std::string_view text_in_environment) {
  auto pids = numbers_in("/proc");
  std::erase_if(pids, [&](pid_t pid) {
    return read_proc(pid, "environ").find(text_in_environment) == std::string::npos ||
           !is_alive(pid);
  });
  return pids;
}

std::vector<pid_t> descendants_named(std::string_view name) {
  auto pids = numbers_in("/proc");
  const std::string in_stat = "(" + std::string(name.substr(0, 15)) + ")";
  std::erase_if(pids, [&](pid_t pid) {
    if (!is_alive(pid) || read_proc(pid, "stat").find(in_stat) == std::string::npos) return true;
    while (pid > 1 && pid != ::getpid())
      pid = read_stat(pid).parent;
    return pid != ::getpid();
  });
  return pids;
}

int open_descriptors() {
  // The listing itself holds one.
  return static_cast<int>(numbers_in("/proc/self/fd").size()) - 1;
}

int raise_descriptor_limit(int wanted) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const auto target = std::min(static_cast<rlim_t>(wanted), limit.rlim_max);
  if (limit.rlim_cur < target) {
    limit.rlim_cur = target;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<int>(std::min<rlim_t>(limit.rlim_cur, 1 << 20));
}

}  // namespace coldframe::testing
