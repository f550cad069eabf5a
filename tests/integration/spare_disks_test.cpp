// Disks that are given on: only those on which nobody has written.
#include "emulator/sandbox/spare_disks.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "tests/support/processes.hpp"
#include "tests/support/sandbox_fixture.hpp"
#include "tests/support/temp_dir.hpp"

namespace coldframe::testing {
namespace {

class SpareDisksTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto made = spares.get(k_mine, k_size_mb, directory.path());
    if (!made) GTEST_SKIP() << "needs the right to mount: " << made.error().message;
    if (made->kind() != TmpKind::disk) GTEST_SKIP() << "needs a disk: " << made->reason();
    disk.emplace(std::move(*made));
  }
  static UniqueFd root_of(const TmpDisk& of) {
    return UniqueFd(::openat(of.mount_fd(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  // The number of its device: the same for the same disk.
  static dev_t device(const TmpDisk& of) {
    struct stat about {};
    return ::fstat(root_of(of).get(), &about) == 0 ? about.st_dev : 0;
  }
  // Gives it back and gets one; whether it is the same.
  bool comes_again() {
    const dev_t before = device(*disk);
    // Holds the device, so that another disk has another.
    const UniqueFd held = root_of(*disk);
    spares.put(k_mine, std::move(*disk));
    disk.reset();
    auto next = spares.get(k_mine, k_size_mb, directory.path());
    if (!next || next->kind() != TmpKind::disk) return false;
    disk.emplace(std::move(*next));
    return device(*disk) == before;
  }
  static constexpr int k_size_mb = 64;
  static constexpr const char* k_mine = "/home/me/f";
  TempDir directory;
  SpareDisks spares;
  std::optional<TmpDisk> disk;
};

TEST_F(SpareDisksTest, GiveAnUntouchedOneOn) {
  EXPECT_TRUE(comes_again());
  EXPECT_TRUE(comes_again()) << "and again";
  EXPECT_EQ(disk->used_bytes(), 0);
  const UniqueFd file(::openat(disk->mount_fd(), "a", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  EXPECT_TRUE(file) << "it can be written to";
}

TEST_F(SpareDisksTest, ThrowAwayOneWithAFile) {
  { const UniqueFd file(::openat(disk->mount_fd(), "a", O_RDWR | O_CREAT | O_CLOEXEC, 0600)); }
  EXPECT_FALSE(comes_again());
  EXPECT_NE(::faccessat(disk->mount_fd(), "a", F_OK, 0), 0);
}

TEST_F(SpareDisksTest, ThrowAwayOneThatHadAFile) {
  { const UniqueFd file(::openat(disk->mount_fd(), "a", O_RDWR | O_CREAT | O_CLOEXEC, 0600)); }
  ASSERT_EQ(::unlinkat(disk->mount_fd(), "a", 0), 0);
  EXPECT_EQ(disk->used_bytes(), 0);
  EXPECT_FALSE(comes_again());
}

TEST_F(SpareDisksTest, ThrowAwayOneThatHadMuchWithoutAName) {
  {
    const UniqueFd file(::openat(disk->mount_fd(), ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600));
    ASSERT_TRUE(file);
    const std::string block(1 << 20, 'x');
    ASSERT_EQ(::write(file.get(), block.data(), block.size()), 1 << 20);
    ASSERT_EQ(::fsync(file.get()), 0);
  }
  EXPECT_FALSE(comes_again());
}

TEST_F(SpareDisksTest, DoNotGiveOneInUseTo) {
  auto second = spares.get(k_mine, k_size_mb, directory.path());
  ASSERT_TRUE(second);
  EXPECT_NE(device(*second), device(*disk));
}

TEST_F(SpareDisksTest, GiveNoneOfAnotherSize) {
  const dev_t before = device(*disk);
  const UniqueFd held = root_of(*disk);
  spares.put(k_mine, std::move(*disk));
  const auto other = spares.get(k_mine, 2 * k_size_mb, directory.path());
  ASSERT_TRUE(other);
  EXPECT_NE(device(*other), before);
  EXPECT_EQ(other->size_mb(), 2 * k_size_mb);
}

TEST_F(SpareDisksTest, GiveNoneToAnotherFunction) {
  const dev_t before = device(*disk);
  const UniqueFd held = root_of(*disk);
  spares.put(k_mine, std::move(*disk));
  const auto other = spares.get("/home/me/g", k_size_mb, directory.path());
  ASSERT_TRUE(other);
  EXPECT_NE(device(*other), before);
}

TEST_F(SpareDisksTest, GiveOneOnAsIfItWereNew) {
  // Somebody has looked into it.
  const UniqueFd root = root_of(*disk);
  const timespec long_ago[2] = {{1'000'000'000, 0}, {0, UTIME_OMIT}};
  struct stat about {};
  ASSERT_EQ(::fstat(root.get(), &about), 0);
  const auto born = about.st_mtim;
  ASSERT_TRUE(comes_again());
  ASSERT_EQ(::fstat(root.get(), &about), 0);
  EXPECT_TRUE(about.st_mtim.tv_sec != born.tv_sec || about.st_mtim.tv_nsec != born.tv_nsec);
  EXPECT_EQ(about.st_atim.tv_sec, about.st_mtim.tv_sec);
  EXPECT_EQ(about.st_atim.tv_nsec, about.st_mtim.tv_nsec);
  // Later than when it was found untouched.
  ASSERT_EQ(::futimens(root.get(), long_ago), 0);
  EXPECT_FALSE(comes_again()) << "whoever has changed its times has touched it";
}

TEST_F(SpareDisksTest, LetTheOldestGo) {
  std::vector<dev_t> devices;
  std::vector<UniqueFd> held;
  std::vector<TmpDisk> five;
  for (int i = 0; i < 5; ++i) {
    auto one = spares.get(k_mine, k_size_mb, directory.path());
    ASSERT_TRUE(one);
    devices.push_back(device(*one));
    held.push_back(root_of(*one));
    five.push_back(std::move(*one));
  }
  for (auto& one : five)
    spares.put(k_mine, std::move(one));
  const auto latest = spares.get(k_mine, k_size_mb, directory.path());
  ASSERT_TRUE(latest);
  EXPECT_EQ(device(*latest), devices.back());
  spares.clear();
  const auto fresh = spares.get(k_mine, k_size_mb, directory.path());
  ASSERT_TRUE(fresh);
  EXPECT_EQ(std::count(devices.begin(), devices.end(), device(*fresh)), 0);
}

TEST_F(SpareDisksTest, AreAFewAtMost) {
  const int descriptors = open_descriptors();
  std::vector<TmpDisk> many;
  for (int i = 0; i < 8; ++i) {
    auto one = spares.get(k_mine, k_size_mb, directory.path());
    ASSERT_TRUE(one);
    many.push_back(std::move(*one));
  }
  const int each = (open_descriptors() - descriptors) / 8;
  for (auto& one : many)
    spares.put(k_mine, std::move(one));
  many.clear();
  EXPECT_EQ(open_descriptors(), descriptors + 4 * each);
}

}  // namespace
}  // namespace coldframe::testing
