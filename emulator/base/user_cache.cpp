#include "emulator/base/user_cache.hpp"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace coldframe {
namespace {

namespace fs = std::filesystem;

// Whether it is there and nobody else's.
bool is_own(const fs::path& path) {
  std::error_code ignored;
  fs::create_directories(path.parent_path(), ignored);
  ::mkdir(path.c_str(), 0700);
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == ::geteuid() &&
         (info.st_mode & 022) == 0;
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
