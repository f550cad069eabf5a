// Files: W1, W2, W4, W5, W8.
#include <fmt/format.h>

#include <algorithm>

#include "emulator/violations/rules.hpp"

namespace coldframe {
namespace {

using Kind = SystemErrorKind;

constexpr std::string_view k_home = "/home/sbx_user1051";

bool is_below(std::string_view path, std::string_view directory) {
  return !directory.empty() && path.starts_with(directory) &&
         (path.size() == directory.size() || path[directory.size()] == '/');
}

// A shell's '~' that nobody could expand, or the directory that the user's entry names.
bool is_home(std::string_view path) {
  return is_below(path, k_home) || path == "~" || path.starts_with("~/");
}

bool is_kind(const ShownError& error, std::initializer_list<Kind> kinds) {
  return error.system && std::find(kinds.begin(), kinds.end(), error.system->kind) != kinds.end();
}

}  // namespace

std::optional<Violation> home(const ShownError& error, const Circumstances&) {
  const bool missing = is_kind(error, {Kind::read_only, Kind::no_entry, Kind::no_access}) &&
                       is_home(error.system->path);
  const bool key_error = (error.type == "KeyError" && error.text == "'HOME'") ||
                         error.text.ends_with("KeyError: 'HOME'");
  if (!missing && !key_error &&
      !contains_any(error.text,
                    {"Could not determine home directory", "could not determine home directory",
                     "$HOME is not defined", "nor $HOME are defined", "uv_os_homedir returned"})) {
    return std::nullopt;
  }
  return Violation{
      "W2",
      "HOME is not set on Lambda, and /home/sbx_user1051 does not exist; set HOME=/tmp "
      "in Environment.Variables or in the code"};
}

std::optional<Violation> descriptor_files(const ShownError& error, const Circumstances& in) {
  // Where there is one, a descriptor was closed.
  if (in.has_descriptor_files || !is_kind(error, {Kind::no_entry}) ||
      !is_below(error.system->path, "/dev/fd")) {
    return std::nullopt;
  }
  return Violation{"W8",
                   "there is no /dev/fd, so the <( ) and >( ) of bash fail; use a pipe or a file "
                   "in /tmp"};
}

std::optional<Violation> unreadable_code(const ShownError& error, const Circumstances& in) {
  if (!is_kind(error, {Kind::no_access})) return std::nullopt;
  const std::string& path = error.system->path;
  // A relative path is one below the working directory, which is /var/task.
  const bool relative = !path.empty() && path.front() != '/' && path.front() != '~';
  if (!relative && !is_below(path, "/var/task") && !is_below(path, "/opt") &&
      !is_below(path, in.task_root)) {
    return std::nullopt;
  }
  return Violation{"W4", shown_path(path) +
                             " is not readable by sbx_user1051, who runs the function: chmod o+r "
                             "(directories and programs o+rx); what it writes belongs in /tmp"};
}

std::optional<Violation> read_only_root(const ShownError& error, const Circumstances&) {
  if (!is_kind(error, {Kind::read_only})) return std::nullopt;
  const std::string& path = error.system->path;
  if (is_below(path, "/tmp")) return std::nullopt;  // some mount of its own
  if (path.empty()) {
    return Violation{"W1",
                     "wrote outside /tmp: everything else is read-only on Lambda; write to /tmp"};
  }
  return Violation{
      "W1", "wrote outside /tmp: " + shown_path(path) + " is read-only on Lambda; write to /tmp"};
}

std::optional<Violation> full_tmp(const ShownError& error, const Circumstances& in) {
  const bool no_directory = contains_any(error.text, {"No usable temporary directory found in"});
  if (!no_directory) {
    if (!is_kind(error, {Kind::no_space})) return std::nullopt;
    const std::string& path = error.system->path;
    if (path.starts_with('/') && !is_below(path, "/tmp")) return std::nullopt;
  }
  const char* remedy = "raise EphemeralStorage, or remove what earlier invokes left";
  if (in.sandbox == "none") {
    return Violation{"W5", fmt::format("the disk of this host is full; /tmp of the function has {} "
                                       "MB on Lambda: {}",
                                       in.tmp_mb, remedy)};
  }
  return Violation{"W5", fmt::format("/tmp is full ({} MB); {}", in.tmp_mb, remedy)};
}

}  // namespace coldframe
