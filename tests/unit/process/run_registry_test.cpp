#include "emulator/process/run_registry.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>

#include "emulator/base/ids.hpp"
#include "tests/unit/process/child_fixture.hpp"

namespace coldframe {
namespace {

using testing::is_gone;
using testing::start_shell;
using testing::TempDir;
using testing::TestChild;

std::string new_marker() { return IdSource().hex(32); }

std::vector<std::string> files_in(const std::string& directory) {
  std::vector<std::string> names;
  for (auto& entry : std::filesystem::directory_iterator(directory)) {
    names.push_back(entry.path().filename().string());
  }
  return names;
}

std::vector<std::string> texts(const RunRegistry& registry) {
  std::vector<std::string> out;
  for (auto& scope : registry.read())
    out.push_back(std::to_string(scope.leader) + " " + scope.marker);
  std::sort(out.begin(), out.end());
  return out;
}

TEST(RunRegistry, MakesOnePrivateFileInAPrivateDirectory) {
  TempDir dir;
  const std::string place = dir.path() + "/state";
  RunRegistry registry = RunRegistry::open(place);
  struct stat info {};
  ASSERT_EQ(::stat(place.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0700U);
  const auto files = files_in(place);
  ASSERT_EQ(files.size(), 1U);
  EXPECT_TRUE(files[0].starts_with(std::to_string(::getpid()) + "-")) << files[0];
  EXPECT_TRUE(files[0].ends_with(".run"));
  EXPECT_EQ(::fcntl(registry.fd(), F_GETFD), FD_CLOEXEC);
  registry.unlink();
  EXPECT_TRUE(files_in(place).empty());
}

TEST(RunRegistry, RemembersWhatWasAddedAndNotRemoved) {
  TempDir dir;
  RunRegistry registry = RunRegistry::open(dir.path());
  EXPECT_TRUE(texts(registry).empty());
  registry.add({101, "aaaaaaaaaaaaaaaaaaaa"});
  registry.add({102, "bbbbbbbbbbbbbbbbbbbb"});
  registry.add({103, "cccccccccccccccccccc"});
  registry.remove(102);
  registry.remove(999);  // not there: no effect
  EXPECT_EQ(texts(registry),
            (std::vector<std::string>{"101 aaaaaaaaaaaaaaaaaaaa", "103 cccccccccccccccccccc"}));
  registry.add({101, "dddddddddddddddddddd"});
  EXPECT_EQ(texts(registry),
            (std::vector<std::string>{"101 dddddddddddddddddddd", "103 cccccccccccccccccccc"}));
}

TEST(RunRegistry, StaysSmallHoweverManyComeAndGo) {
  TempDir dir;
  RunRegistry registry = RunRegistry::open(dir.path());
  registry.add({1, "stays-stays-stays-stays"});
  for (pid_t pid = 1000; pid < 31000; ++pid) {
    registry.add({pid, "0123456789abcdef0123456789abcdef"});
    registry.remove(pid);
  }
  struct stat info {};
  ASSERT_EQ(::fstat(registry.fd(), &info), 0);
  EXPECT_LT(info.st_size, 300 * 1024);
  EXPECT_EQ(texts(registry), (std::vector<std::string>{"1 stays-stays-stays-stays"}));
}

TEST(RunRegistry, KeepsThousandsOfLiveOnes) {
  TempDir dir;
  RunRegistry registry = RunRegistry::open(dir.path());
  for (pid_t pid = 1; pid <= 5000; ++pid)
    registry.add({pid, "0123456789abcdef0123456789abcdef"});
  EXPECT_EQ(registry.read().size(), 5000U);
}

TEST(RunRegistry, SweepsWhatADeadRunLeft) {
  TempDir dir;
  const std::string marker = new_marker();
  TestChild left = start_shell("echo up; exec sleep 100", {"X=" + marker});
  left.read_line();
  dir.write("4242-abcdef.run", "+ 4243 " + marker + "\n");
  RunRegistry registry = RunRegistry::open(dir.path());
  EXPECT_TRUE(is_gone(left.pid()));
  EXPECT_EQ(registry.swept(), 1);
  EXPECT_EQ(files_in(dir.path()).size(), 1U) << "only our own is left";
}

TEST(RunRegistry, TellsHowManyProcessesItEndedNotHowManyLinesItRead) {
  TempDir dir;
  dir.write("4242-abcdef.run", "+ 4243 " + new_marker() + "\n+ 4244 " + new_marker() + "\n");
  RunRegistry registry = RunRegistry::open(dir.path());
  EXPECT_EQ(registry.swept(), 0);
}

TEST(RunRegistry, DoesNotTrustAPidThatMayBeSomebodyElsesByNow) {
  TempDir dir;
  TestChild other = start_shell("echo up; sleep 100");
  other.read_line();
  dir.write("4242-abcdef.run", "+ " + std::to_string(other.pid()) + " " + new_marker() + "\n");
  RunRegistry::open(dir.path());
  EXPECT_FALSE(is_gone(other.pid()));
}

TEST(RunRegistry, LeavesARunAloneWhoseOwnerLives) {
  TempDir dir;
  const std::string marker = new_marker();
  TestChild child = start_shell("echo up; sleep 100", {"X=" + marker});
  child.read_line();
  RunRegistry first = RunRegistry::open(dir.path());
  first.add({child.pid(), marker});
  RunRegistry second = RunRegistry::open(dir.path());
  EXPECT_EQ(second.swept(), 0);
  EXPECT_FALSE(is_gone(child.pid()));
  EXPECT_EQ(files_in(dir.path()).size(), 2U);
}

TEST(RunRegistry, LeavesEndedEnvironmentsOfADeadRunAlone) {
  TempDir dir;
  const std::string marker = new_marker();
  TestChild child = start_shell("echo up; sleep 100", {"X=" + marker});
  child.read_line();
  dir.write("4242-abcdef.run", "+ 4243 " + marker + "\n- 4243\n");
  RunRegistry::open(dir.path());
  EXPECT_FALSE(is_gone(child.pid()));
}

TEST(RunRegistry, SurvivesGarbageInItsDirectory) {
  TempDir dir;
  dir.write("1-a.run", "");
  dir.write("2-b.run", "hello\n+ x y\n");
  dir.write("3-c.run", "+ 12");
  dir.write("4-d.run", std::string(1000, '\0'));
  dir.write("5-e.run", "+ 99999999999999999999 marker\n");
  dir.write("notes.txt", "kept");
  RunRegistry registry = RunRegistry::open(dir.path());
  registry.add({7, "0123456789abcdef"});
  EXPECT_EQ(registry.read().size(), 1U);
  EXPECT_TRUE(std::filesystem::exists(dir.path() + "/notes.txt"));
}

TEST(RunRegistry, ReadsOnBehindAScopeWithoutAMarker) {
  TempDir dir;
  RunRegistry registry = RunRegistry::open(dir.path());
  registry.add({101, ""});
  registry.add({102, "bbbbbbbbbbbbbbbbbbbb"});
  EXPECT_EQ(texts(registry), (std::vector<std::string>{"101 ", "102 bbbbbbbbbbbbbbbbbbbb"}));
}

// Refused directories: the registry is anonymous then, and works as before.
void expect_anonymous(const std::string& place) {
  RunRegistry registry = RunRegistry::open(place);
  registry.add({7, "0123456789abcdef"});
  EXPECT_EQ(texts(registry), (std::vector<std::string>{"7 0123456789abcdef"}));
  EXPECT_EQ(registry.swept(), 0);
  registry.unlink();
}

TEST(RunRegistry, RefusesADirectoryOfSomebodyElse) {
  TempDir dir;
  const std::string marker = new_marker();
  TestChild child = start_shell("echo up; sleep 100", {"X=" + marker});
  child.read_line();
  dir.write("4242-abcdef.run", "+ 4243 " + marker + "\n");
  if (::geteuid() != 0) {
    expect_anonymous("/usr");  // root's
    return;
  }
  ASSERT_EQ(::chown(dir.path().c_str(), 65534, 65534), 0);
  expect_anonymous(dir.path());
  EXPECT_EQ(files_in(dir.path()).size(), 1U);
  EXPECT_FALSE(is_gone(child.pid())) << "nobody else's list is acted upon";
}

TEST(RunRegistry, RefusesADirectoryThatOthersMayWriteTo) {
  TempDir dir;
  ::chmod(dir.path().c_str(), 0770);
  expect_anonymous(dir.path());
  EXPECT_TRUE(files_in(dir.path()).empty());
}

TEST(RunRegistry, RefusesASymbolicLinkAndAFile) {
  TempDir dir;
  std::filesystem::create_directory(dir.path() + "/real");
  std::filesystem::create_directory_symlink(dir.path() + "/real", dir.path() + "/link");
  expect_anonymous(dir.path() + "/link");
  EXPECT_TRUE(files_in(dir.path() + "/real").empty());
  expect_anonymous(dir.write("file", "text"));
}

}  // namespace
}  // namespace coldframe
