#include "emulator/image/layer_tree.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

namespace coldframe {
namespace {

constexpr std::size_t k_most_parents = 64;  // descriptors
constexpr mode_t k_set_id = S_ISUID | S_ISGID;

Error cannot(const std::string& what, const std::string& path) {
  return host_error("cannot " + what + " '" + path +
                    "' in the image store: " + std::strerror(errno));
}

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

UniqueFd open_in(int root, const std::string& path, std::uint64_t flags, std::uint64_t more = 0) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | more;
  const char* name = path.empty() ? "." : path.c_str();
  return UniqueFd(static_cast<int>(::syscall(SYS_openat2, root, name, &how, sizeof(how))));
}

bool is_whiteout(const struct stat& info) { return S_ISCHR(info.st_mode) && info.st_rdev == 0; }

// Attributes that overlayfs itself reads are no business of a layer's.
bool is_overlays(std::string_view name) {
  return name.starts_with("trusted.overlay.") || name.starts_with("user.overlay.");
}

}  // namespace

LayerTree::LayerTree(int root, LayerRights rights) : root_(root), rights_(rights) {
  directories_[""].attributes.mode = 0755;
}

Result<UniqueFd> LayerTree::open_directory(const std::string& path) {
  UniqueFd directory = open_in(root_, path, O_RDONLY | O_DIRECTORY);
  if (!directory && errno == ENOENT) {
    if (auto ok = make_parents(path); !ok) return ok.error();
    directory = open_in(root_, path, O_RDONLY | O_DIRECTORY);
  }
  if (directory) return directory;
  if (errno == ENOTDIR || errno == ELOOP || errno == ENOENT) {
    return usage_error("'" + path + "' is no directory in it, and yet something is in there");
  }
  return cannot("open", path);
}

Result<void> LayerTree::make_parents(const std::string& path) {
  constexpr mode_t k_made = 0700;  // until finish()
  for (std::size_t at = 0; at != std::string::npos;) {
    at = path.find('/', at + 1);
    const std::string part = path.substr(0, at);
    if (open_in(root_, part, O_PATH | O_DIRECTORY)) continue;
    if (errno != ENOENT) return {};  // whoever opens it says what is wrong
    const std::string above = parent_of(part);
    const UniqueFd parent = open_in(root_, above, O_RDONLY | O_DIRECTORY);
    const std::string name = part.substr(above.empty() ? 0 : above.size() + 1);
    // A link that leads to nothing in this layer is there already.
    if (!parent || (::mkdirat(parent.get(), name.c_str(), k_made) != 0 && errno != EEXIST)) {
      return cannot("make", part);
    }
    directories_[part].attributes.mode = 0755;
  }
  return {};
}

Result<LayerTree::Parent> LayerTree::open_parent(const std::string& path) {
  const auto known = parents_.find(path);
  if (known != parents_.end()) return known->second;
  auto directory = open_directory(path);
  if (!directory) return directory.error();
  if (parents_.size() >= k_most_parents) parents_.clear();
  return parents_.emplace(path, std::make_shared<const UniqueFd>(std::move(*directory)))
      .first->second;
}

Result<LayerTree::Place> LayerTree::place_of(const std::string& path) {
  const std::string above = parent_of(path);
  auto parent = open_parent(above);
  if (!parent) return parent.error();
  return Place{std::move(*parent), path.substr(above.empty() ? 0 : above.size() + 1)};
}

Result<bool> LayerTree::clear(const Place& place, const std::string& path) {
  struct stat info {};
  if (::fstatat(place.directory(), place.in_it(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return false;
    return cannot("look at", path);
  }
  // What was found through it is elsewhere from now on.
  if (S_ISDIR(info.st_mode) || S_ISLNK(info.st_mode)) parents_.clear();
  if (!S_ISDIR(info.st_mode)) {
    if (::unlinkat(place.directory(), place.in_it(), 0) != 0) return cannot("replace", path);
    return is_whiteout(info);
  }
  const UniqueFd old(
      ::openat(place.directory(), place.in_it(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!old || !remove_contents(old.get()) ||
      ::unlinkat(place.directory(), place.in_it(), AT_REMOVEDIR) != 0) {
    return cannot("replace", path);
  }
  directories_.erase(path);
  const std::string below = path + "/";
  auto at = directories_.lower_bound(below);
  while (at != directories_.end() && at->first.starts_with(below))
    at = directories_.erase(at);
  return false;
}

Result<void> LayerTree::dress(int file, const EntryAttributes& attributes,
                              const std::string& path) {
  // Changing the owner takes set-id bits and capabilities away: it comes first.
  if (rights_.set_owners && ::fchown(file, attributes.owner, attributes.group) != 0) {
    return cannot("give an owner to", path);
  }
  const mode_t mode = rights_.keep_set_id ? attributes.mode : attributes.mode & ~k_set_id;
  if (::fchmod(file, mode) != 0) return cannot("set the mode of", path);
  for (const auto& [name, value] : attributes.xattrs) {
    if (is_overlays(name)) continue;
    if (::fsetxattr(file, name.c_str(), value.data(), value.size(), 0) == 0) continue;
    // Of another kind of host (SELinux), or root's alone: nothing in here depends on them.
    if (errno == ENOSPC || errno == EDQUOT) return cannot("set an attribute of", path);
  }
  const timespec times[2] = {attributes.modified, attributes.modified};
  if (::futimens(file, times) != 0) return cannot("set the time of", path);
  return {};
}

Result<void> LayerTree::add_file(const std::string& path, const EntryAttributes& attributes,
                                 const Write& write) {
  auto place = place_of(path);
  if (!place) return place.error();
  if (auto ok = clear(*place, path); !ok) return ok.error();
  const UniqueFd file(::openat(place->directory(), place->in_it(),
                               O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return cannot("make", path);
  if (auto ok = write(file.get()); !ok) return ok;
  return dress(file.get(), attributes, path);
}

Result<void> LayerTree::add_directory(const std::string& path, const EntryAttributes& attributes) {
  if (!path.empty()) {
    auto place = place_of(path);
    if (!place) return place.error();
    struct stat info {};
    const bool there =
        ::fstatat(place->directory(), place->in_it(), &info, AT_SYMLINK_NOFOLLOW) == 0;
    if (!there || !S_ISDIR(info.st_mode)) {
      auto was_whiteout = clear(*place, path);
      if (!was_whiteout) return was_whiteout.error();
      if (::mkdirat(place->directory(), place->in_it(), 0700) != 0) return cannot("make", path);
      if (*was_whiteout) {
        if (auto ok = make_opaque(path); !ok) return ok;
      }
    }
  }
  Directory& known = directories_[path];
  known.attributes = attributes;
  known.is_named = true;
  return {};
}

Result<void> LayerTree::add_symlink(const std::string& path, const EntryAttributes& attributes,
                                    const std::string& target) {
  auto place = place_of(path);
  if (!place) return place.error();
  if (auto ok = clear(*place, path); !ok) return ok.error();
  const char* name = place->in_it();
  if (::symlinkat(target.c_str(), place->directory(), name) != 0) return cannot("make", path);
  if (rights_.set_owners && ::fchownat(place->directory(), name, attributes.owner, attributes.group,
                                       AT_SYMLINK_NOFOLLOW) != 0) {
    return cannot("give an owner to", path);
  }
  const timespec times[2] = {attributes.modified, attributes.modified};
  if (::utimensat(place->directory(), name, times, AT_SYMLINK_NOFOLLOW) != 0) {
    return cannot("set the time of", path);
  }
  return {};
}

Result<void> LayerTree::add_hard_link(const std::string& path, const std::string& target) {
  if (path == target) return {};
  auto place = place_of(path);
  if (!place) return place.error();
  auto other = place_of(target);
  if (!other) return other.error();
  struct stat info {};
  if (::fstatat(other->directory(), other->in_it(), &info, AT_SYMLINK_NOFOLLOW) != 0 ||
      is_whiteout(info) || S_ISDIR(info.st_mode)) {
    return usage_error("'" + path + "' is a hard link to '" + target +
                       "', and the layer has no such file");
  }
  struct stat here {};
  if (::fstatat(place->directory(), place->in_it(), &here, AT_SYMLINK_NOFOLLOW) == 0 &&
      here.st_ino == info.st_ino && here.st_dev == info.st_dev) {
    return {};
  }
  if (auto ok = clear(*place, path); !ok) return ok.error();
  if (::linkat(other->directory(), other->in_it(), place->directory(), place->in_it(), 0) != 0) {
    if (errno == ENOENT) {
      return usage_error("'" + path + "' is a hard link to '" + target + "', which it replaces");
    }
    return cannot("link", path);
  }
  return {};
}

Result<void> LayerTree::add_fifo(const std::string& path, const EntryAttributes& attributes) {
  auto place = place_of(path);
  if (!place) return place.error();
  if (auto ok = clear(*place, path); !ok) return ok.error();
  const char* name = place->in_it();
  const timespec times[2] = {attributes.modified, attributes.modified};
  const bool done =
      ::mkfifoat(place->directory(), name, 0600) == 0 &&
      (!rights_.set_owners || ::fchownat(place->directory(), name, attributes.owner,
                                         attributes.group, AT_SYMLINK_NOFOLLOW) == 0) &&
      ::fchmodat(place->directory(), name, attributes.mode, 0) == 0 &&
      ::utimensat(place->directory(), name, times, AT_SYMLINK_NOFOLLOW) == 0;
  if (!done) return cannot("make", path);
  return {};
}

Result<void> LayerTree::add_whiteout(const std::string& path) {
  auto place = place_of(path);
  if (!place) return place.error();
  // What the layer itself has there stays; it is what is below that goes.
  struct stat info {};
  if (::fstatat(place->directory(), place->in_it(), &info, AT_SYMLINK_NOFOLLOW) == 0) {
    return S_ISDIR(info.st_mode) ? make_opaque(path) : Result<void>();
  }
  if (::mknodat(place->directory(), place->in_it(), S_IFCHR, makedev(0, 0)) != 0) {
    return cannot("remove", path);
  }
  return {};
}

Result<void> LayerTree::make_opaque(const std::string& path) {
  auto directory = open_parent(path);
  if (!directory) return directory.error();
  return set_opaque((*directory)->get(), path);
}

Result<void> LayerTree::set_opaque(int directory, const std::string& path) {
  const char* name = rights_.trusted_xattr ? "trusted.overlay.opaque" : "user.overlay.opaque";
  if (::fsetxattr(directory, name, "y", 1, 0) != 0) return cannot("hide what is below", path);
  return {};
}

Result<void> LayerTree::apply(const std::string& path, const Directory& directory) {
  const UniqueFd fd = open_in(root_, path, O_RDONLY | O_DIRECTORY);
  if (!fd && (errno == ENOENT || errno == ENOTDIR)) return {};  // replaced through another name
  if (!fd) return cannot("open", path);
  return dress(fd.get(), directory.attributes, path);
}

Result<void> LayerTree::finish() {
  parents_.clear();
  // What is in a directory before the directory, whose mode may close it.
  for (auto at = directories_.rbegin(); at != directories_.rend(); ++at) {
    if (auto ok = apply(at->first, at->second); !ok) return ok;
  }
  return {};
}

std::vector<std::string> LayerTree::implicit_directories() const {
  std::vector<std::string> paths;
  for (const auto& [path, directory] : directories_) {
    if (!directory.is_named) paths.push_back(path);
  }
  return paths;
}

}  // namespace coldframe
