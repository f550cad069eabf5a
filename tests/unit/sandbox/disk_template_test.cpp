#include "emulator/sandbox/disk_template.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "emulator/sandbox/find_program.hpp"
#include "tests/support/temp_dir.hpp"

namespace coldframe::testing {
namespace {

struct stat about(int fd) {
  struct stat result {};
  EXPECT_EQ(::fstat(fd, &result), 0);
  return result;
}

std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    names.push_back(entry.path().filename().string());
  return names;
}

class DiskTemplate : public ::testing::Test {
 protected:
  void SetUp() override {
    if (find_program("mke2fs").empty()) GTEST_SKIP() << "needs mke2fs (package e2fsprogs)";
  }
  TempDir directory;
};

TEST_F(DiskTemplate, IsMadeOnceAndCopiedWithItsHoles) {
  const auto one = copy_disk_template(512, directory.path());
  ASSERT_TRUE(one) << one.error().message;
  EXPECT_EQ(names_in(directory.path()), std::vector<std::string>{"tmp-512.ext4"});
  const auto made = std::filesystem::last_write_time(directory.path() + "/tmp-512.ext4");
  const auto two = copy_disk_template(512, directory.path());
  ASSERT_TRUE(two);
  EXPECT_EQ(std::filesystem::last_write_time(directory.path() + "/tmp-512.ext4"), made);

  const auto facts = about(two->get());
  EXPECT_EQ(facts.st_nlink, 0U) << "no name";
  EXPECT_EQ(facts.st_size, disk_image_bytes(512));
  EXPECT_LT(facts.st_blocks * 512, 4 * 1024 * 1024);
  EXPECT_NE(facts.st_ino, about(one->get()).st_ino);
  char byte = 1;
  EXPECT_EQ(::pwrite(two->get(), &byte, 1, 0), 1);
}

TEST_F(DiskTemplate, IsMadeAgainIfItIsNone) {
  directory.write("tmp-16.ext4", "what a crash has left");
  const auto file = copy_disk_template(16, directory.path());
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(about(file->get()).st_size, disk_image_bytes(16));
}

TEST_F(DiskTemplate, MayBeAskedForBySeveralProcessesAtOnce) {
  std::vector<pid_t> children;
  for (int i = 0; i < 6; ++i) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      const auto file = copy_disk_template(16, directory.path());
      ::_exit(file && about(file->get()).st_size == disk_image_bytes(16) ? 0 : 1);
    }
    children.push_back(pid);
  }
  for (const pid_t pid : children) {
    int status = -1;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(names_in(directory.path()), std::vector<std::string>{"tmp-16.ext4"});
}

TEST_F(DiskTemplate, SaysWhichDirectoryCannotBeUsed) {
  const auto file = copy_disk_template(16, directory.path() + "/none");
  ASSERT_FALSE(file);
  EXPECT_NE(file.error().message.find(directory.path() + "/none"), std::string::npos)
      << file.error().message;
}

TEST(CopyExtents, CopiesDataAndKeepsHolesAndTheSize) {
  const TempDir directory;
  const std::string name = directory.write("from", "");
  const UniqueFd from(::open(name.c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(::ftruncate(from.get(), 64 << 20), 0);
  for (const off_t at : {off_t{0}, off_t{1 << 20}, off_t{(40 << 20) + 5}})
    ASSERT_EQ(::pwrite(from.get(), "data", 4, at), 4);
  const UniqueFd to(::open((directory.path() + "/to").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(copy_extents(from.get(), to.get()), 0);
  EXPECT_EQ(about(to.get()).st_size, 64 << 20);
  EXPECT_LT(about(to.get()).st_blocks, 2000);
  char got[5] = {};
  ASSERT_EQ(::pread(to.get(), got, 4, (40 << 20) + 5), 4);
  EXPECT_STREQ(got, "data");
  EXPECT_EQ(copy_extents(-1, to.get()), EBADF);
}

}  // namespace
}  // namespace coldframe::testing
