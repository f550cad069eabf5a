#include "emulator/image/store_layout.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace coldframe {
namespace {

namespace fs = std::filesystem;

Error cannot(const std::string& what, const std::string& path) {
  return host_error("cannot " + what + " '" + path + "': " + std::strerror(errno));
}

int lock(int fd, LockKind kind, bool wait) {
  const int operation = (kind == LockKind::alone ? LOCK_EX : LOCK_SH) | (wait ? 0 : LOCK_NB);
  int result = 0;
  do {
    result = ::flock(fd, operation);
  } while (result != 0 && errno == EINTR);
  return result;
}

}  // namespace

Result<UniqueFd> lock_file(const std::string& path, LockKind kind, bool wait) {
  UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file) return cannot("open", path);
  if (lock(file.get(), kind, wait) == 0) return file;
  if (!wait && errno == EWOULDBLOCK) return UniqueFd();
  return cannot("lock", path);
}

Result<IncomingDirectory> IncomingDirectory::make(const std::string& store) {
  for (;;) {
    std::string path = store + "/incoming/XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) return cannot("make a directory in", store);
    UniqueFd held(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat info {};
    // A sweep may have taken it for a dead one's before it was locked.
    if (held && lock(held.get(), LockKind::alone, true) == 0 && ::fstat(held.get(), &info) == 0 &&
        info.st_nlink > 0) {
      return IncomingDirectory(std::move(path), std::move(held));
    }
    if (!held && errno != ENOENT) return cannot("open", path);
  }
}

IncomingDirectory::~IncomingDirectory() {
  if (lock_) remove_tree(path_);
}

Result<bool> IncomingDirectory::give(const std::string& name, const std::string& to) {
  if (::rename((path_ + "/" + name).c_str(), to.c_str()) == 0) return true;
  if (errno == EEXIST || errno == ENOTEMPTY) return false;
  return cannot("put into its place", to);
}

void sweep_incoming(const std::string& store) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(store + "/incoming", error)) {
    const UniqueFd held(
        ::open(entry.path().c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (held && lock(held.get(), LockKind::alone, false) == 0) remove_tree(entry.path());
  }
}

LayerRights rights_in(const std::string& directory) {
  LayerRights rights;
  const UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  constexpr uid_t k_another = 12345;
  struct stat before {};
  const bool known = fd && ::fstat(fd.get(), &before) == 0;
  rights.set_owners = known && ::fchown(fd.get(), k_another, k_another) == 0;
  if (rights.set_owners) (void)::fchown(fd.get(), before.st_uid, before.st_gid);
  rights.trusted_xattr = known && ::fsetxattr(fd.get(), "trusted.overlay.opaque", "y", 1, 0) == 0;
  return rights;
}

std::string kind_name(const LayerRights& rights) {
  return std::string(rights.set_owners ? "owners" : "own") +
         (rights.trusted_xattr ? "-trusted" : "-user");
}

Result<void> put_file(const std::string& path, const std::string& text) {
  std::string draft = path + ".XXXXXX";
  const UniqueFd file(::mkostemp(draft.data(), O_CLOEXEC));
  if (!file) return cannot("write", path);
  const auto size = static_cast<ssize_t>(text.size());
  if (::write(file.get(), text.data(), text.size()) != size ||
      ::rename(draft.c_str(), path.c_str()) != 0) {
    const Error error = cannot("write", path);
    ::unlink(draft.c_str());
    return error;
  }
  return {};
}

std::string get_file(const std::string& path) {
  constexpr off_t k_most = off_t{64} << 20;
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat info {};
  if (!file || ::fstat(file.get(), &info) != 0 || info.st_size > k_most) return "";
  std::string text(static_cast<std::size_t>(info.st_size), '\0');
  const ssize_t got = ::read(file.get(), text.data(), text.size());
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

bool remove_tree(const std::string& path) {
  const UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory) return errno == ENOENT;
  return remove_contents(directory.get()) && ::rmdir(path.c_str()) == 0;
}

}  // namespace coldframe
