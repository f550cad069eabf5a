// The /tmp of the strict sandbox, with the kernel's loop devices and file systems.
#include "emulator/sandbox/tmp_disk.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <vector>

#include "emulator/sandbox/loop_device.hpp"
#include "tests/support/cgroup_fixture.hpp"
#include "tests/support/sandbox_fixture.hpp"
#include "tests/support/temp_dir.hpp"

namespace coldframe::testing {
namespace {

namespace fs = std::filesystem;

// Devices whose file is, or was, below the directory.
std::vector<std::string> loop_devices_of(const std::string& directory) {
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator("/sys/block")) {
    std::string file;
    std::getline(std::ifstream(entry.path() / "loop/backing_file"), file);
    if (file.starts_with(directory)) found.push_back(entry.path().filename().string());
  }
  return found;
}

class TmpDiskTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto made = TmpDisk::create(k_size_mb, directory.path());
    if (!made) GTEST_SKIP() << "needs the right to mount: " << made.error().message;
    if (made->kind() != TmpKind::disk) GTEST_SKIP() << "needs a disk: " << made->reason();
    disk.emplace(std::move(*made));
  }
  int open(const char* name) const {
    return ::openat(disk->mount_fd(), name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  }
  static constexpr int k_size_mb = 64;
  TempDir directory;
  std::optional<TmpDisk> disk;
};

// What a user can write before the disk is full, in bytes; the error is checked.
std::int64_t fill(int mount) {
  std::int64_t* written = static_cast<std::int64_t*>(
      ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  *written = 0;
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (::setresgid(54321, 54321, 54321) != 0 || ::setresuid(54321, 54321, 54321) != 0) {
      ::_exit(1);
    }
    const int file = ::openat(mount, "large", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    static char block[1 << 16];
    for (ssize_t n = 0; (n = ::write(file, block, sizeof block)) > 0;)
      *written += n;
    ::_exit(errno == ENOSPC ? 0 : 2);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(status, 0) << "ENOSPC, and nothing else, ends it";
  const std::int64_t result = *written;
  ::munmap(written, 4096);
  return result;
}

TEST_F(TmpDiskTest, IsEmptyAndForEverybody) {
  struct stat about {};
  const UniqueFd root(::openat(disk->mount_fd(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  ASSERT_EQ(::fstat(root.get(), &about), 0);
  EXPECT_EQ(about.st_mode & 07777, 01777U);
  EXPECT_EQ(::faccessat(root.get(), "lost+found", F_OK, 0), -1);
  struct statvfs facts {};
  ASSERT_EQ(::fstatvfs(root.get(), &facts), 0);
  EXPECT_TRUE((facts.f_flag & ST_NOSUID) != 0);
  EXPECT_TRUE((facts.f_flag & ST_NODEV) != 0);
  EXPECT_TRUE((facts.f_flag & ST_NOEXEC) == 0);
  EXPECT_EQ(disk->used_bytes(), 0);
  EXPECT_EQ(disk->reason(), "");
}

TEST_F(TmpDiskTest, IsFullWhenItsSizeIsWritten) {
  const std::int64_t written = fill(disk->mount_fd());
  EXPECT_GE(written, 97 * k_size_mb * k_mib / 100);
  EXPECT_LE(written, 103 * k_size_mb * k_mib / 100);
  EXPECT_GE(*disk->used_bytes(), written);
  EXPECT_LT(*disk->used_bytes(), written + k_mib);
  disk->discard();
}

TEST_F(TmpDiskTest, TellsWhatIsInUse) {
  UniqueFd file(open("a"));
  ASSERT_EQ(::posix_fallocate(file.get(), 0, 10 * k_mib), 0);
  EXPECT_GE(*disk->used_bytes(), 10 * k_mib);
  EXPECT_LT(*disk->used_bytes(), 11 * k_mib);
  ASSERT_EQ(::unlinkat(disk->mount_fd(), "a", 0), 0);
  file.reset();
  EXPECT_TRUE(wait_until([&] { return *disk->used_bytes() < k_mib; }));
}

TEST_F(TmpDiskTest, HasNoNameAnywhere) {
  EXPECT_EQ(loop_devices_of(directory.path()).size(), 1U);
  int names = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(directory.path()))
    ++names;
  EXPECT_EQ(names, 1) << "the template";
  std::ifstream mounts("/proc/self/mountinfo");
  const std::string device = "/dev/" + loop_devices_of(directory.path())[0] + " ";
  for (std::string line; std::getline(mounts, line);)
    EXPECT_EQ(line.find(device), std::string::npos) << line;
}

TEST_F(TmpDiskTest, GoesWhenItIsClosed) {
  ASSERT_EQ(loop_devices_of(directory.path()).size(), 1U);
  disk.reset();
  EXPECT_TRUE(wait_until([&] { return loop_devices_of(directory.path()).empty(); }));
}

TEST_F(TmpDiskTest, GoesWhenItIsThrownAwayFullOfUnwrittenPages) {
  const UniqueFd file(open("dirty"));
  const std::string block(1 << 20, 'x');
  for (int i = 0; i < 32; ++i)
    ASSERT_EQ(::write(file.get(), block.data(), block.size()), 1 << 20);
  disk->discard();
  EXPECT_EQ(::write(file.get(), block.data(), block.size()), -1);
  EXPECT_EQ(errno, EIO);
}

TEST_F(TmpDiskTest, GoesWhenItsHolderIsKilled) {
  disk.reset();
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::alarm(60);
    const auto held = TmpDisk::create(k_size_mb, directory.path());
    const char kind = held && held->kind() == TmpKind::disk ? 'd' : 'x';
    if (::write(write_end.get(), &kind, 1) != 1) ::_exit(1);
    for (;;)
      ::pause();
  }
  write_end.reset();
  char kind = 0;
  ASSERT_EQ(::read(read_end.get(), &kind, 1), 1);
  EXPECT_EQ(kind, 'd');
  EXPECT_EQ(loop_devices_of(directory.path()).size(), 1U);
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  EXPECT_TRUE(wait_until([&] { return loop_devices_of(directory.path()).empty(); }));
}

TEST_F(TmpDiskTest, HasRoomForWhatLambdaCallsItsSize) {
  for (const int size_mb : {1, 512, 1024, 3000, 10240}) {
    const auto made = TmpDisk::create(size_mb, directory.path());
    ASSERT_TRUE(made) << made.error().message;
    ASSERT_EQ(made->kind(), TmpKind::disk) << made->reason();
    struct statvfs facts {};
    const UniqueFd root(::openat(made->mount_fd(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_EQ(::fstatvfs(root.get(), &facts), 0);
    const double available_mb =
        static_cast<double>(facts.f_bavail) * static_cast<double>(facts.f_frsize) / k_mib;
    EXPECT_GE(available_mb, size_mb) << size_mb;
    EXPECT_LE(available_mb, size_mb * 1.02 + 2) << size_mb;
    EXPECT_GT(facts.f_favail, static_cast<unsigned>(size_mb) * 60U) << "a file for each 16 KiB";
  }
}

TEST_F(TmpDiskTest, CanBeMountedWhereItBelongs) {
  const std::string place = directory.path() + "/tmp";
  fs::create_directory(place);
  const pid_t pid = ::fork();
  if (pid == 0) {  // MS_REC | MS_PRIVATE; MOVE_MOUNT_F_EMPTY_PATH
    if (::unshare(CLONE_NEWNS) != 0) ::_exit(1);
    if (::syscall(SYS_mount, "none", "/", nullptr, 16384 | (1 << 18), nullptr) != 0) ::_exit(2);
    if (::syscall(SYS_move_mount, disk->mount_fd(), "", AT_FDCWD, place.c_str(), 4) != 0) {
      ::_exit(3);
    }
    const int file = ::open((place + "/f").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (::posix_fallocate(file, 0, 5 * k_mib) != 0) ::_exit(4);
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_GE(*disk->used_bytes(), 5 * k_mib) << "also when its namespace has gone";
}

TEST(TmpDiskFallback, IsTmpfsOfTheSameSize) {
  const auto disk = TmpDisk::create_tmpfs(16, "because");
  if (!disk) GTEST_SKIP() << "needs the right to mount: " << disk.error().message;
  EXPECT_EQ(disk->kind(), TmpKind::tmpfs);
  EXPECT_EQ(disk->reason(), "because");
  EXPECT_EQ(fill(disk->mount_fd()), 16 * k_mib);
  EXPECT_EQ(disk->used_bytes(), 16 * k_mib);
}

// Empty ones are not free: each takes memory of the kernel.
TEST(TmpDiskFallback, HoldsAsManyFilesAsADiskOfThatSize) {
  const auto disk = TmpDisk::create_tmpfs(16, "because");
  if (!disk) GTEST_SKIP() << "needs the right to mount: " << disk.error().message;
  int made = 0;
  while (made < 5000 &&
         ::mknodat(disk->mount_fd(), std::to_string(made).c_str(), S_IFREG | 0600, 0) == 0)
    ++made;
  EXPECT_EQ(errno, ENOSPC);
  EXPECT_NEAR(made, 16 * 64, 8);
}

#ifndef __SANITIZE_THREAD__  // with its second thread there can be no user namespace
TEST(TmpDiskFallback, IsTakenInAUserNamespaceAndSaysWhy) {
  const TempDir directory;
  fs::permissions(directory.path(), fs::perms::all);
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (::geteuid() == 0 && ::setresuid(54321, 54321, 54321) != 0) ::_exit(1);
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) ::_exit(77);
    const auto disk = TmpDisk::create(16, directory.path());
    if (!disk || disk->kind() != TmpKind::tmpfs) ::_exit(2);
    const auto& why = disk->reason();
    ::_exit(::write(write_end.get(), why.data(), why.size()) > 0 ? 0 : 3);
  }
  write_end.reset();
  char text[300] = {};
  EXPECT_GE(::read(read_end.get(), text, sizeof text - 1), 0);
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "needs user namespaces";
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_NE(std::string(text).find("loop"), std::string::npos) << text;
}
#endif

// As in a container whose /dev is not the kernel's own.
TEST(LoopDeviceWithoutItsFile, IsSaidToBeMissing) {
  if (::geteuid() != 0 || ::access("/dev/loop-control", F_OK) != 0) {
    GTEST_SKIP() << "needs root and loop devices";
  }
  const TempDir directory;
  const UniqueFd file(::open(directory.write("disk", "").c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(::ftruncate(file.get(), 1 << 20), 0);
  const std::string report = directory.write("report", "");
  const int outcome = in_child([&] {
    if (::unshare(CLONE_NEWNS) != 0) return k_no_namespaces;
    if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("none", "/dev", "tmpfs", 0, "mode=0755") != 0 ||
        ::mknod("/dev/loop-control", S_IFCHR | 0600, makedev(10, 237)) != 0) {
      return 1;
    }
    const auto loop = attach_loop_device(file.get());
    std::ofstream(report) << (loop ? "attached" : loop.error().message);
    return 0;
  });
  if (outcome == k_no_namespaces) GTEST_SKIP() << "needs mount namespaces";
  ASSERT_EQ(outcome, 0);
  const std::string text = directory.read("report");
  EXPECT_NE(text.find("/dev has no /dev/loop"), std::string::npos) << text;
}

}  // namespace
}  // namespace coldframe::testing
