// Symbolic links to directories below a watched one.
#include <gtest/gtest.h>

#include "tests/unit/watch/watch_fixture.hpp"

namespace coldframe {
namespace {

namespace fs = std::filesystem;

class LinkedDirectories : public FileWatcherTest {
 protected:
  void SetUp() override {
    FileWatcherTest::SetUp();
    fs::create_directories(outside + "/deep");
    fs::create_directory_symlink(outside, root + "/sub");
    start({root});
  }
  void write_outside(const std::string& name) { std::ofstream(outside + "/" + name) << "2"; }

  std::string outside = dir.path() + "/elsewhere";
};

TEST_F(LinkedDirectories, AreFollowed) {
  write_outside("model.bin");
  settle();
  EXPECT_EQ(changes, std::vector<std::string>{root + "/sub/model.bin"});
  changes.clear();
  write_outside("deep/model.bin");
  EXPECT_TRUE(changed());
  fs::create_directory(outside + "/later");
  EXPECT_TRUE(changed());
  write_outside("later/model.bin");
  EXPECT_TRUE(changed());
}

TEST_F(LinkedDirectories, AreFollowedToWhereTheyLeadNow) {
  fs::create_directory(dir.path() + "/v2");
  fs::create_directory_symlink(dir.path() + "/v2", root + "/sub.new");
  fs::rename(root + "/sub.new", root + "/sub");  // as `ln -sfn` does it
  EXPECT_TRUE(changed());
  write("sub/model.bin");
  EXPECT_TRUE(changed());
  write_outside("model.bin");
  settle();
  EXPECT_TRUE(changes.empty()) << "it is no part of the function any more";
  fs::remove(root + "/sub");
  EXPECT_TRUE(changed());
  std::ofstream(dir.path() + "/v2/model.bin") << "3";
  settle();
  EXPECT_TRUE(changes.empty()) << changes.front();
}

TEST_F(LinkedDirectories, AreFoundAgainWhenWhatTheyLeadToIsBack) {
  fs::rename(outside, outside + ".old");
  EXPECT_TRUE(changed()) << "it is gone";
  fs::create_directory(outside);
  EXPECT_TRUE(changed()) << "it is back";
  write_outside("model.bin");
  EXPECT_TRUE(changed());
}

TEST_F(LinkedDirectories, AreFollowedByAnotherLinkWhenOneIsGone) {
  fs::create_directory_symlink(outside, root + "/sub2");
  EXPECT_TRUE(changed());
  for (const char* link : {"/sub", "/sub2"}) {
    write_outside("model.bin");
    settle();
    EXPECT_EQ(changes.size(), 1u) << "one directory, one change";
    changes.clear();
    fs::remove(root + link);
    EXPECT_TRUE(changed());
  }
  write_outside("model.bin");
  settle();
  EXPECT_TRUE(changes.empty()) << "no link is left";
}

TEST_F(LinkedDirectories, DoNotGoInCirclesNorUp) {
  fs::create_directory_symlink(root, root + "/lib/self");
  fs::create_directory_symlink("..", root + "/up");
  fs::create_directory_symlink(root + "/lib", outside + "/back");
  fs::create_directory_symlink(outside, outside + "/deep/again");
  fs::create_directory_symlink("nowhere", root + "/dangling");
  start({root});
  write("lib/x.py");
  settle();
  EXPECT_EQ(changes, std::vector<std::string>{root + "/lib/x.py"}) << "by its real path";
  changes.clear();
  std::ofstream(dir.path() + "/neighbour") << "2";
  settle();
  EXPECT_TRUE(changes.empty()) << changes.front();
  fs::remove(root + "/lib/self");
  EXPECT_TRUE(changed());
  write("app.py");
  EXPECT_TRUE(changed());
}

TEST_F(LinkedDirectories, BeyondTheMostAreTroubleAndTheOthersAreWatchedOn) {
  rules.most_linked = 5;
  for (int i = 0; i < 10; ++i)
    fs::create_directory(outside + "/" + std::to_string(i));
  std::vector<std::string> troubles;
  WatchCallbacks callbacks;
  callbacks.changed = [this](const std::string& path) { changes.push_back(path); };
  callbacks.trouble = [&](const Error& error) { troubles.push_back(error.message); };
  watcher.reset();
  auto started = FileWatcher::start(io, {root}, std::move(callbacks), rules);
  ASSERT_TRUE(started) << started.error().message;
  watcher = std::move(*started);
  ASSERT_EQ(troubles.size(), 1u);
  EXPECT_TRUE(troubles[0].ends_with("symbolic links lead to more than 5 directories"))
      << troubles[0];
  write("lib/x.py");
  EXPECT_TRUE(changed());
}

TEST_F(LinkedDirectories, ThatAppearLaterBelowALinkCountAsWell) {
  rules.most_linked = 5;
  std::vector<std::string> troubles;
  WatchCallbacks callbacks;
  callbacks.changed = [this](const std::string& path) { changes.push_back(path); };
  callbacks.trouble = [&](const Error& error) { troubles.push_back(error.message); };
  watcher.reset();
  auto started = FileWatcher::start(io, {root}, std::move(callbacks), rules);
  ASSERT_TRUE(started) << started.error().message;
  watcher = std::move(*started);
  ASSERT_TRUE(troubles.empty()) << troubles[0];
  const std::string elsewhere = outside + ".later";
  for (int i = 0; i < 10; ++i)
    fs::create_directories(elsewhere + "/" + std::to_string(i));
  fs::rename(elsewhere, outside + "/later");
  EXPECT_TRUE(changed());
  EXPECT_EQ(troubles.size(), 1u);
}

}  // namespace
}  // namespace coldframe
