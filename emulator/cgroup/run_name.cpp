#include "emulator/cgroup/run_name.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "emulator/cgroup/cgroup_files.hpp"
#include "emulator/cgroup/cgroup_mounts.hpp"

namespace coldframe {
namespace {

constexpr std::string_view k_prefix = "coldframe-";

bool is_number(const std::string& word) {
  return !word.empty() && word.size() < 20 &&
         std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "pid:[4026531836]" → 4026531836.
std::string pid_namespace(const std::string& root) {
  char text[64];
  const auto size = ::readlink((root + "/proc/self/ns/pid").c_str(), text, sizeof text);
  const std::string link(text, size > 0 ? static_cast<std::size_t>(size) : 0);
  const auto from = link.find('[');
  const auto to = link.find(']');
  if (from == std::string::npos || to == std::string::npos) return {};
  return link.substr(from + 1, to - from - 1);
}

std::optional<std::string> stat_of(const std::string& root, const std::string& pid) {
  return read_text(root + "/proc/" + pid + "/stat");
}

// The start time (proc_pid_stat(5), field 22) of a process that lives.
std::optional<std::string> start_time(const std::string& stat) {
  const auto name_end = stat.rfind(')');  // a name may hold anything
  if (name_end == std::string::npos) return std::nullopt;
  const auto fields = split_words(std::string_view(stat).substr(name_end + 1));
  if (fields.size() < 20 || fields[0] == "Z" || fields[0] == "X") return std::nullopt;
  return fields[19];
}

// In a PID namespace without a /proc of its own the numbers there are others' than ours.
bool is_our_proc(const std::string& root) {
  if (!root.empty()) return true;
  const auto own = stat_of(root, "self");
  return own && own->starts_with(std::to_string(::getpid()) + " ");
}

// Not only hidden from us (hidepid).
bool is_gone(const std::string& pid) {
  const long number = std::strtol(pid.c_str(), nullptr, 10);
  return ::kill(static_cast<pid_t>(number), 0) != 0 && errno == ESRCH;
}

}  // namespace

std::string own_run_name(const std::string& root) {
  const std::string pid = std::to_string(::getpid());
  const auto stat = stat_of(root, pid);
  const auto start = stat && is_our_proc(root) ? start_time(*stat) : std::nullopt;
  const auto in = pid_namespace(root);
  if (!start || in.empty()) return {};
  return std::string(k_prefix) + pid + "-" + *start + "-" + in;
}

RunOwner owner_of(const std::string& name, const std::string& root) {
  if (!name.starts_with(k_prefix)) return RunOwner::none;
  const std::string numbers = name.substr(k_prefix.size());
  const auto words = split_words(numbers, "-");
  if (words.size() != 3 || !std::all_of(words.begin(), words.end(), is_number) ||
      numbers != words[0] + "-" + words[1] + "-" + words[2]) {
    return RunOwner::none;
  }
  if (words[2] != pid_namespace(root) || !is_our_proc(root)) return RunOwner::elsewhere;
  const auto stat = stat_of(root, words[0]);
  if (!stat) return root.empty() && !is_gone(words[0]) ? RunOwner::alive : RunOwner::dead;
  return start_time(*stat) == words[1] ? RunOwner::alive : RunOwner::dead;
}

}  // namespace coldframe
