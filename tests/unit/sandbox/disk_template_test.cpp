#include "emulator/sandbox/disk_template.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>
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

TEST(DiskTemplateSweep, TakesWhatNobodyWorksOnAndNothingElse) {
  const TempDir directory;
  directory.write(".tmp-disk-aaaaaa", "left");
  const UniqueFd mine(::open(directory.write(".tmp-disk-bbbbbb", "").c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(::flock(mine.get(), LOCK_EX), 0);
  directory.write("tmp-16.ext4", "");
  directory.write(".other", "");
  EXPECT_EQ(sweep_unfinished_templates(directory.path()), 1);
  auto names = names_in(directory.path());
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{".other", ".tmp-disk-bbbbbb", "tmp-16.ext4"}));
  EXPECT_EQ(sweep_unfinished_templates(directory.path() + "/none"), 0);
}

// Killed while mke2fs runs: it ends too, and what both have left goes.
TEST(DiskTemplateSweep, TakesWhatAKillHasLeft) {
  const TempDir directory;
  const TempDir programs;
  const std::string program = programs.write("mke2fs",
                                             "#!/bin/sh\necho $$ > \"$0.pid\"\n"
                                             "exec sleep 1000\n");
  ASSERT_EQ(::chmod(program.c_str(), 0755), 0);
  const pid_t maker = ::fork();
  if (maker == 0) {
    ::setenv("PATH", (programs.path() + ":/usr/bin:/bin").c_str(), 1);
    (void)copy_disk_template(16, directory.path());
    ::_exit(1);
  }
  const auto wait_until = [](const std::function<bool()>& condition) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition() && std::chrono::steady_clock::now() < give_up)
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return condition();
  };
  std::string number;
  ASSERT_TRUE(wait_until([&] {
    std::ifstream file(program + ".pid");
    return std::getline(file, number) && !file.eof();
  }));
  ASSERT_EQ(::kill(maker, SIGKILL), 0);
  ASSERT_EQ(::waitpid(maker, nullptr, 0), maker);
  EXPECT_TRUE(wait_until([&] {
    std::ifstream file("/proc/" + number + "/stat");
    std::string text;
    return !std::getline(file, text) || text.find(") Z ") != std::string::npos;
  })) << "mke2fs works on";
  ASSERT_EQ(names_in(directory.path()).size(), 1U);
  EXPECT_EQ(sweep_unfinished_templates(directory.path()), 1);
  EXPECT_TRUE(names_in(directory.path()).empty());
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
