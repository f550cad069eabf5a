#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "emulator/image/layer_tree.hpp"

namespace coldframe {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using Listing = std::unique_ptr<DIR, CloseDirectory>;

struct Names {
  std::vector<std::string> files;
  std::vector<std::string> directories;
};

bool list(int directory, Names& names) {
  const int copy = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return false;
  const Listing listing(::fdopendir(copy));
  if (!listing) {
    ::close(copy);
    return false;
  }
  while (const dirent* entry = ::readdir(listing.get())) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    struct stat info {};
    const bool is_directory = entry->d_type == DT_DIR || (entry->d_type == DT_UNKNOWN &&
                                                          ::fstatat(directory, entry->d_name, &info,
                                                                    AT_SYMLINK_NOFOLLOW) == 0 &&
                                                          S_ISDIR(info.st_mode));
    (is_directory ? names.directories : names.files).push_back(name);
  }
  return true;
}

}  // namespace

bool remove_contents(int directory) {
  // Not by calling itself: a layer may be as deep as it likes. A directory of the path is found
  // again from the one above it.
  struct Level {
    UniqueFd fd;
    std::string name;
    Names names;
  };
  std::vector<Level> path;
  const auto enter = [&](UniqueFd fd, std::string name) {
    ::fchmod(fd.get(), 0700);  // whoever is not root is kept out by what a layer wants
    Level level{std::move(fd), std::move(name), {}};
    if (!list(level.fd.get(), level.names)) return false;
    for (const std::string& file : level.names.files) {
      if (::unlinkat(level.fd.get(), file.c_str(), 0) != 0 && errno != ENOENT) return false;
    }
    path.push_back(std::move(level));
    return true;
  };
  if (!enter(UniqueFd(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)), "")) {
    return false;
  }
  while (!path.empty()) {
    Level& level = path.back();
    if (level.names.directories.empty()) {
      const std::string name = std::move(level.name);
      path.pop_back();
      if (!path.empty() && ::unlinkat(path.back().fd.get(), name.c_str(), AT_REMOVEDIR) != 0 &&
          errno != ENOENT) {
        return false;
      }
      continue;
    }
    const std::string name = std::move(level.names.directories.back());
    level.names.directories.pop_back();
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    UniqueFd next(::openat(level.fd.get(), name.c_str(), flags));
    if (!next && errno == EACCES && ::fchmodat(level.fd.get(), name.c_str(), 0700, 0) == 0) {
      next.reset(::openat(level.fd.get(), name.c_str(), flags));
    }
    if (!next && errno == ENOENT) continue;
    if (!next || !enter(std::move(next), name)) return false;
  }
  return true;
}

}  // namespace coldframe
