#include "emulator/sandbox/disk_template.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <vector>

#include "emulator/sandbox/find_program.hpp"

namespace coldframe {
namespace {

// With a lock on it for as long as somebody works on it.
constexpr const char* k_unfinished = ".tmp-disk-";
constexpr std::int64_t k_mib = 1024 * 1024;
constexpr off_t k_superblock = 1024;
constexpr off_t k_magic_at = k_superblock + 0x38;
constexpr std::uint16_t k_ext4_magic = 0xef53;

Error failed(const std::string& what) {
  return host_error("no disk for /tmp: " + what + ": " + std::strerror(errno));
}

// A file without a name.
UniqueFd open_unnamed(const std::string& directory) {
  UniqueFd file(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (file || (errno != EOPNOTSUPP && errno != EISDIR)) return file;
  std::string name = directory + "/" + k_unfinished + "XXXXXX";  // older overlay, NFS
  file.reset(::mkostemp(name.data(), O_CLOEXEC));
  if (file) ::unlink(name.c_str());
  return file;
}

Result<void> make_file_system(const std::string& path) {
  const std::string program = find_program("mke2fs");
  if (program.empty()) {
    return host_error("no disk for /tmp: mke2fs is missing; the package e2fsprogs has it");
  }
  // No journal, no room kept for root or for growing; inode tables stay holes.
  std::vector<const char*> argv{program.c_str(),
                                "-q",
                                "-F",
                                "-t",
                                "ext4",
                                "-b",
                                "4096",
                                "-m",
                                "0",
                                "-O",
                                "^has_journal,^resize_inode",
                                "-E",
                                "lazy_itable_init=1,nodiscard",
                                path.c_str(),
                                nullptr};
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) {
    // Not to go on when we are killed.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd < 3; ++fd)
      ::dup2(null, fd);
    ::execve(program.c_str(), const_cast<char* const*>(argv.data()), environ);
    ::_exit(127);
  }
  if (pid < 0) return failed(program);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return failed("waiting for mke2fs");
  }
  if (status == 0) return {};
  return host_error("no disk for /tmp: " + program + " " +
                    (WIFEXITED(status) ? "exited with " + std::to_string(WEXITSTATUS(status))
                                       : "was killed by " + std::to_string(WTERMSIG(status))));
}

bool is_template(int file, int size_mb) {
  struct stat about {};
  std::uint16_t magic = 0;
  return ::fstat(file, &about) == 0 && about.st_size == disk_image_bytes(size_mb) &&
         ::pread(file, &magic, sizeof magic, k_magic_at) == sizeof magic && magic == k_ext4_magic;
}

// A new file with a lock on it, and its name.
UniqueFd open_unfinished(const std::string& directory, std::string& name) {
  for (;;) {
    name = directory + "/" + k_unfinished + "XXXXXX";
    UniqueFd file(::mkostemp(name.data(), O_CLOEXEC));
    struct stat about {};
    if (!file || ::flock(file.get(), LOCK_EX) != 0) return file;
    // Whoever sweeps may have been quicker than the lock.
    if (::fstat(file.get(), &about) != 0 || about.st_nlink > 0) return file;
  }
}

Result<UniqueFd> make_template(int size_mb, const std::string& directory,
                               const std::string& final_name) {
  std::string name;
  UniqueFd file = open_unfinished(directory, name);
  if (!file) return failed("a file in " + directory);
  const auto give_up = [&](Error error) {
    ::unlink(name.c_str());
    return error;
  };
  if (::ftruncate(file.get(), disk_image_bytes(size_mb)) != 0) return give_up(failed(name));
  if (auto made = make_file_system(name); !made) return give_up(made.error());
  struct stat place {};  // it is whose the directory is, who is to be able to remove it
  if (::stat(directory.c_str(), &place) == 0 && place.st_uid != ::geteuid()) {
    [[maybe_unused]] const int kept = ::fchown(file.get(), place.st_uid, place.st_gid);
  }
  if (::rename(name.c_str(), final_name.c_str()) != 0) return give_up(failed(final_name));
  return file;
}

}  // namespace

std::int64_t disk_image_bytes(int size_mb) {
  const std::int64_t room = size_mb * k_mib;
  // Inode tables take 1/64 (256 bytes for each 16 KiB), bitmaps and descriptors little; the kernel
  // keeps 1/50, at most 16 MiB, for extents of files that are full of holes.
  const std::int64_t tables = room / 60 + k_mib;
  const std::int64_t kept = std::min((room + tables) / 49, 16 * k_mib);
  return (room + tables + kept + k_mib - 1) / k_mib * k_mib;
}

int sweep_unfinished_templates(const std::string& directory) {
  int removed = 0;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(directory, none)) {
    if (!entry.path().filename().string().starts_with(k_unfinished)) continue;
    const UniqueFd file(::open(entry.path().c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!file || ::flock(file.get(), LOCK_EX | LOCK_NB) != 0) continue;
    if (::unlink(entry.path().c_str()) == 0) ++removed;
  }
  return removed;
}

int copy_extents(int from, int to) {
  const off_t size = ::lseek(from, 0, SEEK_END);
  if (size < 0 || ::ftruncate(to, size) != 0) return errno;
  for (off_t data = 0; (data = ::lseek(from, data, SEEK_DATA)) >= 0;) {
    const off_t hole = ::lseek(from, data, SEEK_HOLE);
    if (hole < 0) return errno;
    while (data < hole) {
      off_t target = data;
      const auto copied =
          ::copy_file_range(from, &data, to, &target, static_cast<std::size_t>(hole - data), 0);
      if (copied < 0) return errno;
      if (copied == 0) return EIO;  // somebody has cut it short
    }
  }
  return errno == ENXIO ? 0 : errno;  // no more data
}

Result<UniqueFd> copy_disk_template(int size_mb, const std::string& directory) {
  const std::string name = directory + "/tmp-" + std::to_string(size_mb) + ".ext4";
  UniqueFd original(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
  if (!original || !is_template(original.get(), size_mb)) {
    auto made = make_template(size_mb, directory, name);
    if (!made) return made.error();
    original = std::move(*made);
  }
  UniqueFd copy = open_unnamed(directory);
  if (!copy) return failed("a file in " + directory);
  if (const int error_number = copy_extents(original.get(), copy.get()); error_number != 0) {
    errno = error_number;
    return failed("copying " + name);
  }
  return copy;
}

}  // namespace coldframe
