#include "emulator/process/kill_scope.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <set>
#include <thread>

#include "emulator/base/unique_fd.hpp"

namespace coldframe {
namespace {

struct ProcStat {
  char state = 'X';
  pid_t group = 0;
  pid_t session = 0;
};

std::string read_file(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  if (!fd) return text;
  char buffer[4096];
  ssize_t got = 0;
  while ((got = ::read(fd.get(), buffer, sizeof buffer)) > 0) {
    text.append(buffer, static_cast<std::size_t>(got));
  }
  return text;
}

ProcStat read_stat(const std::string& directory) {
  const std::string text = read_file(directory + "/stat");
  const auto after_name = text.rfind(')');  // the name may hold anything, ')' too
  ProcStat stat;
  if (after_name == std::string::npos) return stat;
  int parent = 0;
  if (std::sscanf(text.c_str() + after_name + 1, " %c %d %d %d", &stat.state, &parent, &stat.group,
                  &stat.session) != 4) {
    stat.state = 'X';
  }
  return stat;
}

bool in_scope(const KillScope& scope, const ProcStat& stat, const std::string& environment) {
  if (scope.leader > 0 && (stat.group == scope.leader || stat.session == scope.leader)) return true;
  return scope.marker.size() >= 16 && environment.find(scope.marker) != std::string::npos;
}

// One pass over /proc. Returns how many it found alive.
int kill_once(const std::vector<KillScope>& scopes, std::set<pid_t>& signalled) {
  std::unique_ptr<DIR, int (*)(DIR*)> proc(::opendir("/proc"), ::closedir);
  if (!proc) return 0;
  const pid_t self = ::getpid();
  int found = 0;
  while (const dirent* entry = ::readdir(proc.get())) {
    const pid_t pid = std::atoi(entry->d_name);
    if (pid <= 1 || pid == self) continue;
    const std::string directory = std::string("/proc/") + entry->d_name;
    const ProcStat stat = read_stat(directory);
    if (stat.state == 'X' || stat.state == 'Z') continue;
    const std::string environment = read_file(directory + "/environ");
    const bool hit = std::any_of(scopes.begin(), scopes.end(), [&](const KillScope& scope) {
      return in_scope(scope, stat, environment);
    });
    if (!hit || ::kill(pid, SIGKILL) != 0) continue;
    ++found;
    signalled.insert(pid);
  }
  return found;
}

}  // namespace

KillReport kill_scopes(const std::vector<KillScope>& scopes, std::chrono::milliseconds patience) {
  KillReport report;
  if (scopes.empty()) return report;
  std::set<pid_t> signalled;
  int clean = 0;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (auto pause = std::chrono::microseconds(200);;
       pause = std::min(pause * 2, std::chrono::microseconds(20000))) {
    report.alive = kill_once(scopes, signalled);
    // A process in the middle of a fork or an exec can be missed once.
    clean = report.alive == 0 ? clean + 1 : 0;
    if (clean == 2 || std::chrono::steady_clock::now() >= deadline) break;
    std::this_thread::sleep_for(pause);
  }
  report.ended = static_cast<int>(signalled.size());
  return report;
}

}  // namespace coldframe
