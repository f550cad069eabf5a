#include "emulator/sandbox/place_inside.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <deque>
#include <string_view>

namespace coldframe {
namespace {

constexpr int k_most_links = 16;

using Parts = std::deque<std::string>;

void put_in_front(Parts& parts, std::string_view path) {
  Parts first;
  while (!path.empty()) {
    const auto end = std::min(path.find('/'), path.size());
    if (end > 0 && path.substr(0, end) != ".") first.emplace_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  parts.insert(parts.begin(), first.begin(), first.end());
}

std::string link_at(const std::string& path) {
  std::array<char, PATH_MAX> target{};
  const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
  return {target.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

}  // namespace

UniqueFd open_inside(const std::string& path) {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  for (;;) {
    const auto fd =
        static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how));
    // Somebody on this host has mounted or renamed something while it went up.
    if (fd < 0 && errno == EAGAIN) continue;
    return UniqueFd(fd);
  }
}

std::optional<std::string> make_place_inside(const std::string& path) {
  std::string done;  // without links, so that the kernel has none to follow
  Parts left;
  put_in_front(left, path);
  for (int links = 0; !left.empty();) {
    const std::string part = left.front();
    left.pop_front();
    if (part == "..") {
      done.resize(done.rfind('/') == std::string::npos ? 0 : done.rfind('/'));
      continue;
    }
    const std::string next = done.empty() ? part : done + "/" + part;
    struct stat info {};
    const bool there = ::lstat(next.c_str(), &info) == 0;
    if (there && S_ISLNK(info.st_mode)) {
      if (++links > k_most_links) return std::nullopt;
      const std::string target = link_at(next);
      if (target.starts_with('/')) done.clear();
      put_in_front(left, target);
      continue;
    }
    if (left.empty()) {
      if (there || errno != ENOENT) return std::nullopt;
      return next;
    }
    if (!there && ::mkdir(next.c_str(), 0755) != 0) return std::nullopt;
    done = next;
  }
  return std::nullopt;
}

UniqueFd open_or_make_inside(const std::string& path) {
  UniqueFd place = open_inside(path);
  if (place || errno != ENOENT) return place;
  const auto made = make_place_inside(path);
  if (!made || ::mkdir(made->c_str(), 0755) != 0) return {};
  return open_inside(*made);
}

}  // namespace coldframe
