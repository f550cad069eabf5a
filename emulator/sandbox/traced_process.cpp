#include "emulator/sandbox/traced_process.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstring>

#include "emulator/sandbox/denied_call.hpp"

namespace coldframe {
namespace {

constexpr std::uint64_t k_page = 4096;  // or a part of one

std::string link_text(const std::string& link) {
  char text[PATH_MAX];
  const ssize_t size = ::readlink(link.c_str(), text, sizeof text);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

UniqueFd find(int root, const std::string& path, bool follow = true) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW));
  how.resolve = RESOLVE_IN_ROOT;
  return UniqueFd(static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how)));
}

std::string name_of(const UniqueFd& fd) {
  return link_text("/proc/self/fd/" + std::to_string(fd.get()));
}

}  // namespace

TracedProcess::TracedProcess(pid_t pid)
    : pid_(pid),
      root_(::open(("/proc/" + std::to_string(pid) + "/root").c_str(), O_PATH | O_CLOEXEC)) {
  // The kernel names a file from the root of its mount namespace, ours or a sandbox's.
  sees_all_ = root_ && name_of(root_) == "/";
}

std::vector<std::byte> TracedProcess::bytes_at(std::uint64_t address, std::size_t size) const {
  std::vector<std::byte> bytes(size);
  // A range that is not all there is not read at all: so page by page.
  std::vector<iovec> pages;
  for (std::size_t done = 0; done < size;) {
    const std::uint64_t at = address + done;
    const std::size_t part = std::min<std::size_t>(size - done, k_page - at % k_page);
    pages.push_back({reinterpret_cast<void*>(at), part});
    done += part;
  }
  const iovec target{bytes.data(), bytes.size()};
  const ssize_t got = ::process_vm_readv(pid_, &target, 1, pages.data(), pages.size(), 0);
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return bytes;
}

std::optional<std::string> TracedProcess::text_at(std::uint64_t address) const {
  for (const std::size_t size : {std::size_t{256}, std::size_t{PATH_MAX}}) {  // most are short
    const auto bytes = bytes_at(address, size);
    const auto end = std::find(bytes.begin(), bytes.end(), std::byte{0});
    if (end == bytes.end()) continue;
    return std::string(reinterpret_cast<const char*>(bytes.data()),
                       static_cast<std::size_t>(end - bytes.begin()));
  }
  return std::nullopt;
}

std::optional<TracedProcess::Place> TracedProcess::resolve(int directory, const std::string& path,
                                                           bool follow) const {
  std::string base;
  if (!path.starts_with('/')) {
    base = link_text("/proc/" + std::to_string(pid_) +
                     (directory == AT_FDCWD ? "/cwd" : "/fd/" + std::to_string(directory)));
    if (!base.starts_with('/')) return std::nullopt;
  }
  Place place{absolute_path(base, path), false};
  if (!root_) return place;
  const UniqueFd found = find(root_.get(), place.path, follow);
  place.exists = static_cast<bool>(found);
  if (!sees_all_) return place;
  if (found) {
    if (auto name = name_of(found); name.starts_with('/')) place.path = std::move(name);
    return place;
  }
  const std::size_t slash = place.path.rfind('/');
  const UniqueFd parent = find(root_.get(), slash == 0 ? "/" : place.path.substr(0, slash));
  if (!parent) return place;
  if (const auto name = name_of(parent); name.starts_with('/')) {
    place.path = absolute_path(name, place.path.substr(slash + 1));
  }
  return place;
}

bool TracedProcess::may_read(const std::string& absolute) const {
  struct stat process {};
  // Of one that cannot be dumped it is root's, and then nothing is known.
  if (!root_ || ::stat(("/proc/" + std::to_string(pid_)).c_str(), &process) != 0 ||
      process.st_uid == 0) {
    return true;
  }
  const auto allows = [&](const struct stat& info, mode_t wanted) {
    const int shift = info.st_uid == process.st_uid ? 6 : info.st_gid == process.st_gid ? 3 : 0;
    return (info.st_mode >> shift & wanted) == wanted;
  };
  struct stat info {};
  for (std::size_t slash = absolute.find('/', 1);; slash = absolute.find('/', slash + 1)) {
    const bool is_last = slash == std::string::npos;
    const UniqueFd found = find(root_.get(), absolute.substr(0, slash));
    if (!found || ::fstat(found.get(), &info) != 0) return true;
    if (!allows(info, is_last ? S_IROTH : S_IXOTH)) return false;
    if (is_last) return true;
  }
}

}  // namespace coldframe
