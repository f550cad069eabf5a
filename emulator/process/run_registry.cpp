#include "emulator/process/run_registry.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <sstream>

namespace coldframe {
namespace {

constexpr std::size_t k_compact_at = 256 * 1024;

std::string default_directory() {
  if (const char* runtime = std::getenv("XDG_RUNTIME_DIR"); runtime != nullptr && *runtime == '/') {
    struct stat info {};
    if (::stat(runtime, &info) == 0 && info.st_uid == ::geteuid()) {
      return std::string(runtime) + "/coldframe";
    }
  }
  return "/tmp/coldframe-" + std::to_string(::geteuid());
}

// Whether the directory is there and nobody else's: /tmp is open to all.
bool own_directory(const std::string& path) {
  ::mkdir(path.c_str(), 0700);
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == ::geteuid() &&
         (info.st_mode & 022) == 0;
}

std::vector<KillScope> parse(const std::string& text) {
  std::map<pid_t, std::string> live;
  std::set<std::string> expected;
  std::istringstream lines(text);
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string sign;
    std::string marker;
    pid_t leader = 0;
    words >> sign;
    if (sign == "+" || sign == "-") words >> leader;
    words >> marker;
    if (sign == "?") expected.insert(marker);
    if (sign == "+" || sign == "!") expected.erase(marker);
    if (sign == "+" && leader > 0) live[leader] = marker;
    if (sign == "-") live.erase(leader);
  }
  std::vector<KillScope> scopes;
  for (auto& [pid, text_marker] : live)
    scopes.push_back({pid, text_marker});
  for (auto& marker : expected)
    scopes.push_back({0, marker});
  return scopes;
}

std::string read_all(int fd) {
  std::string text;
  char buffer[4096];
  ssize_t got = 0;
  off_t at = 0;
  while ((got = ::pread(fd, buffer, sizeof buffer, at)) > 0) {
    text.append(buffer, static_cast<std::size_t>(got));
    at += got;
  }
  return text;
}

// Ends what dead runs left. Their leaders' pids may be somebody else's by now: markers only.
int sweep(const std::string& directory) {
  std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(directory.c_str()), ::closedir);
  if (!entries) return 0;
  std::vector<KillScope> scopes;
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string name = entry->d_name;
    if (!name.ends_with(".run")) continue;
    const std::string path = directory + "/" + name;
    UniqueFd file(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    if (!file || ::flock(file.get(), LOCK_EX | LOCK_NB) != 0) continue;
    for (auto& scope : parse(read_all(file.get())))
      scopes.push_back({0, scope.marker});
    ::unlink(path.c_str());
  }
  return kill_scopes(scopes, std::chrono::seconds(2)).ended;
}

}  // namespace

RunRegistry RunRegistry::open(std::string directory, bool sweeps) {
  RunRegistry registry;
  if (directory.empty()) directory = default_directory();
  if (own_directory(directory)) {
    if (sweeps) registry.swept_ = sweep(directory);
    // Between its making and its lock, another start's sweep may take the file for a dead run's.
    for (int tries = 0; tries < 100 && !registry.file_; ++tries) {
      std::string name = directory + "/" + std::to_string(::getpid()) + "-XXXXXX.run";
      UniqueFd file(::mkostemps(name.data(), 4, O_CLOEXEC));
      if (!file) break;
      struct stat info {};
      if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0 || ::fstat(file.get(), &info) != 0 ||
          info.st_nlink == 0) {
        continue;
      }
      registry.file_ = std::move(file);
      registry.path_ = name;
    }
  }
  if (!registry.file_) registry.file_.reset(::memfd_create("coldframe-run", MFD_CLOEXEC));
  return registry;
}

void RunRegistry::append(const std::string& line) {
  if (!file_) return;
  // A failed write (disk full) costs the survivor's knowledge, not this run.
  [[maybe_unused]] auto n =
      ::pwrite(file_.get(), line.data(), line.size(), static_cast<off_t>(bytes_));
  bytes_ += line.size();
  if (bytes_ > k_compact_at) compact();
}

void RunRegistry::compact() {
  std::string text;
  for (auto& [leader, marker] : live_) {
    text += "+ " + std::to_string(leader) + " " + marker + "\n";
  }
  for (auto& marker : expected_)
    text += "? " + marker + "\n";
  [[maybe_unused]] int done = ::ftruncate(file_.get(), 0);
  [[maybe_unused]] auto n = ::pwrite(file_.get(), text.data(), text.size(), 0);
  bytes_ = text.size();
}

void RunRegistry::expect(const std::string& marker) {
  if (expected_.insert(marker).second) append("? " + marker + "\n");
}

void RunRegistry::forget(const std::string& marker) {
  if (expected_.erase(marker) > 0) append("! " + marker + "\n");
}

void RunRegistry::add(const KillScope& scope) {
  expected_.erase(scope.marker);
  live_[scope.leader] = scope.marker;
  append("+ " + std::to_string(scope.leader) + " " + scope.marker + "\n");
}

void RunRegistry::remove(pid_t leader) {
  if (live_.erase(leader) > 0) append("- " + std::to_string(leader) + "\n");
}

std::vector<KillScope> RunRegistry::read() const {
  return file_ ? parse(read_all(file_.get())) : std::vector<KillScope>();
}

void RunRegistry::unlink() {
  if (!path_.empty()) ::unlink(path_.c_str());
  path_.clear();
}

}  // namespace coldframe
