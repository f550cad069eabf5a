// The file system that a function sees, where the host's files are links.
#include "emulator/sandbox/root_layout.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/support/sandbox_fixture.hpp"
#include "tests/support/temp_dir.hpp"

namespace coldframe::testing {
namespace {

namespace fs = std::filesystem;

constexpr const char* k_words = "nameserver 169.254.78.1\n";

class RootLayout : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    for (const char* folder : {"/etc", "/task"})
      fs::create_directory(directory.path() + folder);
    plan.mounts = {{directory.path() + "/etc", "/etc"}};
    plan.task_root = directory.path() + "/task";
  }
  // What a process inside reads in /etc/resolv.conf; or what went wrong.
  std::string read_inside() {
    const std::string report = directory.path() + "/report";
    const UniqueFd out(::open(report.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    const int outcome = in_child([&] {
      if (::unshare(CLONE_NEWNS) != 0) return k_no_namespaces;
      const auto done = enter_root(plan, {{"/etc/resolv.conf", k_words}}, {});
      std::string text = done ? "" : done.error().message;
      struct stat root {};
      struct stat above {};
      if (::stat("/", &root) != 0 || ::stat("/..", &above) != 0 || root.st_dev != above.st_dev ||
          root.st_ino != above.st_ino) {
        text += "something lies upon the root";
      }
      const UniqueFd file(::open("/etc/resolv.conf", O_RDONLY | O_CLOEXEC));
      char buffer[256];
      const ssize_t got = ::read(file.get(), buffer, sizeof buffer);
      if (got > 0) text.append(buffer, static_cast<std::size_t>(got));
      struct stat info {};
      if (::fstat(file.get(), &info) == 0 && (info.st_mode & 0777) != 0644) text += "mode";
      if (::open("/etc/resolv.conf", O_WRONLY | O_CLOEXEC) >= 0) text += "writable";
      return ::write(out.get(), text.data(), text.size()) < 0 ? 1 : 0;
    });
    if (outcome == k_no_namespaces) return "namespaces are denied";
    EXPECT_EQ(outcome, 0);
    char buffer[512];
    const ssize_t got = ::pread(out.get(), buffer, sizeof buffer, 0);
    return {buffer, static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
  }
  std::string resolv_conf() const { return directory.path() + "/etc/resolv.conf"; }
  TempDir directory;
  SandboxPlan plan;
};

TEST_F(RootLayout, CoversAFile) {
  directory.write("etc/resolv.conf", "nameserver 192.0.2.1\n");
  EXPECT_EQ(read_inside(), k_words);
}

TEST_F(RootLayout, PutsAFileWhereALinkLeadsThatDanglesInside) {
  for (const char* target : {"../run/systemd/resolve/stub-resolv.conf", "/run/resolvconf/x.conf",
                             "/mnt/wsl/resolv.conf", "../../../run/x"}) {
    fs::remove(resolv_conf());
    fs::create_symlink(target, resolv_conf());
    EXPECT_EQ(read_inside(), k_words) << target;
  }
}

// An absolute link leads to the host's file until the root is another.
TEST_F(RootLayout, DoesNotTakeALinksTargetOnTheHostForOneInside) {
  std::string target = "/var/tmp/coldframe-XXXXXX";  // /tmp is the function's own
  const UniqueFd file(::mkstemp(target.data()));
  ASSERT_TRUE(file);
  fs::create_symlink(target, resolv_conf());
  EXPECT_EQ(read_inside(), k_words);
  EXPECT_EQ(fs::file_size(target), 0u) << "and does not touch it";
  fs::remove(target);
}

// Also one in the middle of the path, as that of the older resolvconf.
TEST_F(RootLayout, DoesNotFollowAnAbsoluteLinkToADirectoryOfTheHost) {
  std::string outside = "/var/tmp/coldframe-XXXXXX";
  ASSERT_NE(::mkdtemp(outside.data()), nullptr);
  fs::create_directory(directory.path() + "/etc/resolvconf");
  fs::create_symlink(outside, directory.path() + "/etc/resolvconf/run");
  fs::create_symlink("/etc/resolvconf/run/deep/resolv.conf", resolv_conf());
  EXPECT_EQ(read_inside(), k_words) << "not there yet on the host";
  EXPECT_TRUE(fs::is_empty(outside)) << "nothing is made on the host";
  fs::create_directory(outside + "/deep");
  std::ofstream(outside + "/deep/resolv.conf") << "nameserver 192.0.2.1\n";
  EXPECT_EQ(read_inside(), k_words);
  EXPECT_EQ(fs::file_size(outside + "/deep/resolv.conf"), 21u) << "and does not touch it";
  fs::remove_all(outside);
}

TEST_F(RootLayout, MountsNothingWhereAnAbsoluteLinkLeadsOutside) {
  fs::create_directory(directory.path() + "/mine");
  directory.write("mine/resolv.conf", "nameserver 192.0.2.1\n");
  // A link of the plan, and a place behind it.
  plan.links = {{"/data", "/srv"}};
  plan.mounts = {{directory.path() + "/mine", "/data/etc"}};
  plan.links.push_back({"/etc", "/srv/etc"});
  EXPECT_EQ(read_inside(), k_words);
}

TEST_F(RootLayout, LeavesALinkToADirectoryAlone) {
  for (const char* target : {"/", "/opt", "../.."}) {
    fs::remove(resolv_conf());
    fs::create_symlink(target, resolv_conf());
    EXPECT_EQ(read_inside(), "mode") << target << ", that of a directory";
  }
}

TEST_F(RootLayout, FollowsALinkToALinkToAFile) {
  directory.write("etc/real.conf", "nameserver 192.0.2.1\n");
  fs::create_symlink("real.conf", directory.path() + "/etc/other.conf");
  fs::create_symlink("/etc/other.conf", resolv_conf());
  EXPECT_EQ(read_inside(), k_words);
}

TEST_F(RootLayout, LeavesALinkToItselfAlone) {
  fs::create_symlink("resolv.conf", resolv_conf());
  EXPECT_EQ(read_inside(), "");
}

}  // namespace
}  // namespace coldframe::testing
