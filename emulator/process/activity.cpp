#include "emulator/process/activity.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <string_view>

#include "emulator/base/unique_fd.hpp"

namespace coldframe {
namespace {

// The kernel's letter behind the name, which is in brackets and may have any character; '\0': gone.
char state_in(const std::string& stat_path) {
  char buffer[512];
  const UniqueFd file(::open(stat_path.c_str(), O_RDONLY | O_CLOEXEC));
  const ssize_t got = file ? ::read(file.get(), buffer, sizeof buffer) : 0;
  if (got <= 0) return '\0';
  const std::string_view text(buffer, static_cast<std::size_t>(got));
  const auto name_end = text.rfind(") ");
  return name_end == std::string_view::npos || name_end + 2 >= text.size() ? '\0'
                                                                           : text[name_end + 2];
}

bool has_ended(char state) { return state == '\0' || state == 'Z' || state == 'X'; }

}  // namespace

ProcessActivity process_activity(pid_t pid) {
  if (pid <= 0) return ProcessActivity::gone;
  const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(tasks.c_str()), ::closedir);
  if (!directory) return ProcessActivity::gone;
  bool is_there = false;
  while (const dirent* entry = ::readdir(directory.get())) {
    if (entry->d_name[0] == '.') continue;
    const char state = state_in(tasks + "/" + entry->d_name + "/stat");
    if (state == 'R' || state == 'T') return ProcessActivity::working;
    is_there = is_there || !has_ended(state);
  }
  return is_there ? ProcessActivity::resting : ProcessActivity::gone;
}

}  // namespace coldframe
