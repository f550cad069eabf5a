#include "emulator/sandbox/host_looks.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/support/temp_dir.hpp"

namespace coldframe {
namespace {

namespace fs = std::filesystem;

class Looks : public ::testing::Test {
 protected:
  fs::path at(const std::string& name) const { return fs::path(directory.path()) / name; }

  testing::TempDir directory;
  HostLooks looks;
};

TEST_F(Looks, TellWhatIsThere) {
  directory.write("file", "#!/bin/sh\nexit 1\n");
  fs::create_symlink("file", at("link"));
  fs::create_directory_symlink(directory.path(), at("way"));
  EXPECT_TRUE(looks.is_folder(directory.path()));
  EXPECT_TRUE(looks.is_folder(at("way"))) << "what it leads to";
  EXPECT_FALSE(looks.is_folder(at("file")));
  EXPECT_TRUE(looks.is_there(at("link")));
  EXPECT_FALSE(looks.is_there(at("none")));
  EXPECT_EQ(looks.link_target(at("link")), "file");
  EXPECT_EQ(looks.link_target(at("file")), "");
  EXPECT_EQ(looks.link_target(at("none")), "");
  EXPECT_EQ(looks.beginning(at("link"), 9), "#!/bin/sh");
  EXPECT_EQ(looks.beginning(at("file"), 4096), "#!/bin/sh\nexit 1\n");
  EXPECT_EQ(looks.beginning(at("none"), 10), "");
  EXPECT_EQ(looks.beginning(directory.path(), 10), "");
  EXPECT_TRUE(looks.still_so());
}

TEST_F(Looks, AreNoLongerSoWhenSomethingComes) {
  looks.is_there(at("x"));
  directory.write("x", "");
  EXPECT_FALSE(looks.still_so());
}

TEST_F(Looks, AreNoLongerSoWhenSomethingGoes) {
  looks.is_there(directory.write("x", ""));
  fs::remove(at("x"));
  EXPECT_FALSE(looks.still_so());
}

TEST_F(Looks, AreNoLongerSoWhenAFileBecomesAFolder) {
  looks.is_folder(directory.write("x", ""));
  fs::remove(at("x"));
  fs::create_directory(at("x"));
  EXPECT_FALSE(looks.still_so());
}

TEST_F(Looks, AreNoLongerSoWhenALinkLeadsElsewhere) {
  directory.write("file", "");
  fs::create_symlink("file", at("link"));
  looks.link_target(at("link"));
  fs::remove(at("link"));
  fs::create_symlink("./file", at("link"));
  EXPECT_FALSE(looks.still_so()) << "to the same file, by another way";
}

TEST_F(Looks, AreNoLongerSoWhenAFolderBecomesALink) {
  fs::create_directory(at("real"));
  looks.link_target(at("real"));
  fs::rename(at("real"), at("other"));
  fs::create_directory_symlink("other", at("real"));
  EXPECT_FALSE(looks.still_so());
}

// Whatever its times and its size say.
TEST_F(Looks, AreNoLongerSoWhenAFileSaysSomethingElse) {
  looks.beginning(directory.write("x", "#!/bin/one"), 256);
  const auto time = fs::last_write_time(at("x"));
  directory.write("x", "#!/bin/two");
  fs::last_write_time(at("x"), time);
  EXPECT_FALSE(looks.still_so());
}

TEST_F(Looks, AreStillSoWhenAFileGoesOnDifferently) {
  looks.beginning(directory.write("x", "#!/bin/sh\nexit 1\n"), 10);
  directory.write("x", "#!/bin/sh\nexit 2\n");
  EXPECT_TRUE(looks.still_so()) << "nobody has looked so far";
}

TEST_F(Looks, DoNotWaitForWhoWouldWriteIntoAPipe) {
  ASSERT_EQ(::mkfifo(at("pipe").c_str(), 0600), 0);
  EXPECT_EQ(looks.beginning(at("pipe"), 10), "");
  EXPECT_TRUE(looks.still_so());
}

}  // namespace
}  // namespace coldframe
