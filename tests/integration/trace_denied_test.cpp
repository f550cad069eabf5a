// Traced runs: what the sandbox denied and the function did not say.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/support/python_fixture.hpp"

namespace coldframe::testing {
namespace {

class TraceDenied : public PythonFixture {
 protected:
  void SetUp() override {
    PythonFixture::SetUp();
    options.trace_denied = true;
  }
};

TEST_F(TraceDenied, TellsWhatWasSwallowed) {
  start_strict(NetworkMode::host);
  EXPECT_TRUE(emulator().traces_denied());
  EXPECT_EQ(try_out({{"write", "/var/task/cache.db"}})["write"], "EROFS");
  EXPECT_EQ(try_out({{"mkdir", "/home/sbx_user1051"}})["mkdir"], "EROFS");
  EXPECT_NE(try_out({{"write", "/dev/shm/x"}})["write"], "written");
  EXPECT_EQ(try_out({{"write", "/tmp/free"}, {"mkdir", "/tmp/made"}}),
            (Json{{"write", "written"}, {"mkdir", "made"}}));
  EXPECT_EQ(closing_text(),
            "W1: the function was denied, and hid it: open '/var/task/cache.db' for writing\n"
            "W1: the function was denied, and hid it: make the directory '/home/sbx_user1051'\n"
            "W6: the function was denied, and hid it: use shared memory '/dev/shm/x'\n");
  EXPECT_EQ(emulator().closing_notes(false).front(),
            "W1: the function was denied: open '/var/task/cache.db' for writing");
}

TEST_F(TraceDenied, TellsWhatWasSwallowedOfNames) {
  directory.write("there", "x");
  std::filesystem::create_symlink("/tmp/away", directory.path() + "/link");
  start_strict(NetworkMode::host);
  const auto denied = [&](const Json& what) {
    EXPECT_EQ(try_out({{"change", what}})["change"], "EROFS") << what;
  };
  denied({"rename", "/var/task/there", "/var/task/new"});
  denied({"replace", "/var/task/link", "/var/task/new"});
  denied({"unlink", "/var/task/there"});
  denied({"unlink", "/var/task/link"});
  denied({"symlink", "/tmp/x", "/var/task/to_tmp"});
  denied({"mkfifo", "/var/task/pipe"});
  denied({"truncate", "/var/task/there", 0});
  denied({"chmod", "/var/task/there", 0600});
  denied({"unlink", "/var/task/none"});  // not told: where it is allowed, it fails as well
  EXPECT_EQ(try_out({{"write", "/tmp/a"}, {"change", {"rename", "/tmp/a", "/tmp/b"}}})["change"],
            "changed");
  EXPECT_EQ(closing_text(),
            "W1: the function was denied, and hid it: rename '/var/task/there'\n"
            "W1: the function was denied, and hid it: rename '/var/task/link'\n"
            "W1: the function was denied, and hid it: remove '/var/task/there'\n"
            "W1: the function was denied, and hid it: remove '/var/task/link'\n"
            "W1: the function was denied, and hid it: make '/var/task/to_tmp'\n"
            "W1: the function was denied, and hid it: make '/var/task/pipe'\n"
            "W1: the function was denied, and hid it: change '/var/task/there'\n");
}

TEST_F(TraceDenied, TellsWhichOfItsFilesItMayNotRead) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root: of another user the function may read all";
  directory.write("closed.json", "{}", 0600);
  directory.write("open.json", "{}", 0644);
  std::filesystem::create_directory(directory.path() + "/private");
  directory.write("private/x", "{}", 0644);
  ::chmod((directory.path() + "/private").c_str(), 0700);
  start_strict(NetworkMode::host);
  EXPECT_EQ(try_out({{"read", "/var/task/closed.json"}})["read"], "EACCES");
  EXPECT_EQ(try_out({{"read", "/var/task/private/x"}})["read"], "EACCES");
  EXPECT_EQ(try_out({{"read", "/var/task/open.json"}})["read"], "{}");
  EXPECT_EQ(try_out({{"read", "/var/task/none"}})["read"], "ENOENT");
  EXPECT_EQ(try_out({{"read", "/etc/shadow"}})["read"], "EACCES") << "closed on Lambda too";
  EXPECT_EQ(
      closing_text(),
      "W4: the function was denied, and hid it: read '/var/task/closed.json', which is closed "
      "to sbx_user1051\n"
      "W4: the function was denied, and hid it: read '/var/task/private/x', which is closed "
      "to sbx_user1051\n");
}

TEST_F(TraceDenied, FollowsLinksAsTheFunctionSeesThem) {
  std::filesystem::create_symlink("/tmp", directory.path() + "/cache");
  std::filesystem::create_symlink("/opt", directory.path() + "/models");
  start_strict(NetworkMode::host);
  EXPECT_EQ(try_out({{"write", "/var/task/cache/free"}})["write"], "written");
  EXPECT_EQ(try_out({{"write", "/var/task/models/new"}})["write"], "EROFS");
  EXPECT_EQ(closing_text(),
            "W1: the function was denied, and hid it: open '/opt/new' for writing\n");
}

TEST_F(TraceDenied, GoesOnAfterAReset) {
  function.timeout_s = 1;
  start_strict(NetworkMode::host);
  EXPECT_EQ(try_out({{"write", "/var/task/one"}})["write"], "EROFS");
  EXPECT_TRUE(invoke(Json{{"hang", 60}}.dump()).has("X-Amz-Function-Error"));
  EXPECT_EQ(try_out({{"write", "/var/task/two"}})["write"], "EROFS");
  const auto text = closing_text();
  EXPECT_NE(text.find("'/var/task/one'"), std::string::npos) << text;
  EXPECT_NE(text.find("'/var/task/two'"), std::string::npos) << text;
}

TEST_F(TraceDenied, IsOffUnlessItIsAskedFor) {
  options.trace_denied = false;
  start_strict(NetworkMode::host);
  EXPECT_FALSE(emulator().traces_denied());
  EXPECT_EQ(try_out({{"write", "/var/task/cache.db"}})["write"], "EROFS");
  EXPECT_EQ(closing_text(), "");
}

TEST(TraceDeniedChoice, NeedsTheStrictSandbox) {
  EmulatorOptions options;
  options.trace_denied = true;
  const auto refused = Emulator::create(options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ExitCode::usage);
}

}  // namespace
}  // namespace coldframe::testing
