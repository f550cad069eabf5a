#include "emulator/base/user_cache.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "emulator/base/calling_user.hpp"
#include "emulator/base/unique_fd.hpp"

namespace coldframe {
namespace {

namespace fs = std::filesystem;

// The caller's, under sudo: what is made below it is theirs.
fs::path home_of_caller() {
  const auto user = calling_user();
  const passwd* entry = user ? ::getpwuid(user->uid) : nullptr;
  return entry != nullptr && entry->pw_dir != nullptr ? entry->pw_dir : "";
}

bool is_below(const fs::path& path, const fs::path& directory) {
  if (!directory.is_absolute() || directory == "/") return false;
  const auto relative = path.lexically_normal().lexically_relative(directory.lexically_normal());
  return !relative.empty() && *relative.begin() != ".." && *relative.begin() != ".";
}

// It and those above it, as far as they are missing.
void make(const fs::path& path, mode_t mode, const fs::path& home) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0 || !path.has_relative_path()) return;
  make(path.parent_path(), 0755, home);
  if (::mkdir(path.c_str(), mode) != 0 || !is_below(path, home)) return;
  const UniqueFd made(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (made) give_to_calling_user(made.get());
}

// Whether it is there and nobody else's.
bool is_own(const fs::path& path) {
  const fs::path home = home_of_caller();
  make(path, 0700, home);
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0 || !S_ISDIR(info.st_mode) || (info.st_mode & 022) != 0) {
    return false;
  }
  if (info.st_uid == ::geteuid()) return true;
  const auto user = calling_user();
  return user && info.st_uid == user->uid && is_below(path, home);
}

fs::path home() {
  if (const char* text = std::getenv("HOME"); text != nullptr && *text == '/') return text;
  const passwd* user = ::getpwuid(::geteuid());
  return user != nullptr && user->pw_dir != nullptr ? user->pw_dir : "";
}

}  // namespace

std::string user_cache_directory() {
  const char* given = std::getenv("XDG_CACHE_HOME");
  const std::string own = "coldframe-cache-" + std::to_string(::geteuid());
  fs::path standard;
  if (given != nullptr && *given == '/') {
    standard = fs::path(given) / "coldframe";
  } else if (const fs::path place = home(); place.is_absolute() && place != "/") {
    standard = place / ".cache" / "coldframe";
  }
  for (const fs::path& path : {standard, fs::path("/var/tmp") / own, fs::path("/tmp") / own}) {
    if (!path.empty() && is_own(path)) return path.string();
  }
  return "";
}

}  // namespace coldframe
