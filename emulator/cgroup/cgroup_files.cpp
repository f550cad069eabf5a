#include "emulator/cgroup/cgroup_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "emulator/base/unique_fd.hpp"
#include "emulator/cgroup/cgroup_mounts.hpp"

namespace coldframe {

int CgroupFiles::make_directory(const std::string& path) {
  return ::mkdir(path.c_str(), 0755) == 0 ? 0 : errno;
}

int CgroupFiles::remove_directory(const std::string& path) {
  return ::rmdir(path.c_str()) == 0 ? 0 : errno;
}

int CgroupFiles::write(const std::string& path, std::string_view text) {
  return KeptFile(path, O_WRONLY).write(text);
}

int CgroupFiles::may_change(const std::string& directory) {
  return ::faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

CgroupFiles& kernel_files() {
  static CgroupFiles files;  // has no state
  return files;
}

namespace {

Result<void> done(int error_number, const std::string& path, std::string_view text) {
  if (error_number == 0) return {};
  return host_error("cannot write " + std::string(text) + " to " + path + ": " +
                    std::strerror(error_number));
}

}  // namespace

Result<void> put(CgroupFiles& files, const std::string& path, std::string_view text) {
  return done(files.write(path, text), path, text);
}

Result<void> put(CgroupFiles& files, const KeptFile& file, std::string_view text) {
  return done(files.write(file, text), file.path(), text);
}

std::optional<std::string> read_text(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return std::nullopt;
  std::string text;
  char buffer[4096];
  ssize_t got = 0;
  while ((got = ::read(fd.get(), buffer, sizeof buffer)) > 0) {
    text.append(buffer, static_cast<std::size_t>(got));
  }
  if (got < 0) return std::nullopt;
  return text;
}

namespace {

std::optional<std::int64_t> leading_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  return number;
}

}  // namespace

std::optional<std::int64_t> read_number(const std::string& path) {
  const auto text = read_text(path);
  return text ? leading_number(*text) : std::nullopt;
}

std::optional<std::int64_t> number_of(std::string_view text, std::string_view key) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    if (line.starts_with(key) && line.size() > key.size() && line[key.size()] == ' ') {
      return leading_number(line.substr(key.size() + 1));
    }
    at = end + 1;
  }
  return std::nullopt;
}

namespace {

Result<std::string> needed(const std::string& path, std::optional<std::string> text) {
  if (text) return *std::move(text);
  return host_error("cannot read " + path + ": " + std::strerror(errno));
}

Result<std::int64_t> needed(const std::string& path, const Result<std::string>& text,
                            std::string_view key) {
  if (!text) return text.error();
  if (const auto number = key.empty() ? leading_number(*text) : number_of(*text, key)) {
    return *number;
  }
  return host_error(path + " has no number" +
                    (key.empty() ? std::string() : " for " + std::string(key)));
}

// Each directory below is a link to it, by its "..": two are its own.
bool has_no_directories(const struct stat& info) { return info.st_nlink == 2; }

}  // namespace

Result<std::string> need_text(const std::string& path) { return needed(path, read_text(path)); }

Result<std::string> need_text(const KeptFile& file) { return needed(file.path(), file.text()); }

Result<std::int64_t> need_number(const std::string& path, std::string_view key) {
  return needed(path, need_text(path), key);
}

Result<std::int64_t> need_number(const KeptFile& file, std::string_view key) {
  return needed(file.path(), need_text(file), key);
}

bool has_groups_in(int directory) {
  struct stat info {};
  return ::fstat(directory, &info) != 0 || !has_no_directories(info);
}

std::vector<std::string> groups_in(const std::string& directory) {
  std::vector<std::string> names;
  struct stat info {};
  if (::stat(directory.c_str(), &info) == 0 && has_no_directories(info)) return names;
  std::error_code error;
  for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code ignored;  // of its own name, as the directory tells it: nothing is looked at
    if (!at->is_symlink(ignored) && at->is_directory(ignored)) {
      names.push_back(at->path().filename().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<pid_t> processes_of(std::string_view list) {
  std::vector<pid_t> pids;
  for (const auto& word : split_words(list)) {
    if (const auto pid = leading_number(word); pid && *pid > 0) {
      pids.push_back(static_cast<pid_t>(*pid));
    }
  }
  return pids;
}

std::vector<pid_t> processes_in(const std::string& directory) {
  auto pids = processes_of(read_text(directory + "/cgroup.procs").value_or(""));
  for (const auto& name : groups_in(directory)) {
    const auto below = processes_in(directory + "/" + name);
    pids.insert(pids.end(), below.begin(), below.end());
  }
  return pids;
}

bool remove_groups(CgroupFiles& files, const std::string& directory) {
  int error_number = files.remove_directory(directory);
  if (error_number == EBUSY || error_number == ENOTEMPTY) {
    for (const auto& name : groups_in(directory))
      remove_groups(files, directory + "/" + name);
    error_number = files.remove_directory(directory);
  }
  return error_number == 0 || error_number == ENOENT;
}

}  // namespace coldframe
