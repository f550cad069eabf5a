// Real directories and the kernel's own events; only the times are short.
#include <gtest/gtest.h>

#include <utility>

#include "tests/unit/watch/watch_fixture.hpp"

namespace coldframe {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

TEST_F(FileWatcherTest, SaysNothingWhileNothingChanges) {
  std::ifstream(root + "/app.py").get();
  settle();
  EXPECT_TRUE(changes.empty());
}

TEST_F(FileWatcherTest, TellsOfAFileThatIsWrittenReplacedMadeExecutableOrRemoved) {
  write("app.py");
  EXPECT_TRUE(changed());
  write("new.py");
  EXPECT_TRUE(changed());
  fs::rename(root + "/new.py", root + "/app.py");
  EXPECT_TRUE(changed());
  fs::permissions(root + "/app.py", fs::perms(0755));
  EXPECT_TRUE(changed());
  fs::remove(root + "/app.py");
  EXPECT_TRUE(changed());
}

TEST(FileWatcherDefaults, AreThePromisedOnes) {
  EXPECT_EQ(WatchTimes{}.quiet, 100ms);
  EXPECT_EQ(WatchTimes{}.longest, 2s);
  EXPECT_EQ(WatchRules{}.most_linked, 8192U);
}

TEST_F(FileWatcherTest, TellsOfABurstOnceWithItsFirstPath) {
  for (int i = 0; i < 50; ++i)
    write("file" + std::to_string(i));
  settle();
  EXPECT_EQ(changes, std::vector<std::string>{root + "/file0"});
}

// As `sed -i` and careful editors do it.
TEST_F(FileWatcherTest, NamesTheFileThatATemporaryOneWasRenamedOver) {
  write("sedA1b2C3");
  fs::permissions(root + "/sedA1b2C3", fs::perms(0644));
  fs::rename(root + "/sedA1b2C3", root + "/app.py");
  settle();
  EXPECT_EQ(changes, std::vector<std::string>{root + "/app.py"});
}

// As vim does it where it keeps a backup.
TEST_F(FileWatcherTest, NamesTheFileThatWasMovedAwayAndWrittenAnew) {
  write("4913");
  fs::remove(root + "/4913");
  fs::rename(root + "/app.py", root + "/app.py~");
  write("app.py");
  fs::remove(root + "/app.py~");
  settle();
  EXPECT_EQ(changes, std::vector<std::string>{root + "/app.py"});
}

TEST_F(FileWatcherTest, SaysNothingOfWhatCameAndWent) {
  write("journal");
  fs::create_directories(root + "/scratch/deep");
  run(1ms);
  write("scratch/deep/x");
  fs::rename(root + "/scratch", dir.path() + "/scratch");
  fs::remove(root + "/journal");
  settle();
  EXPECT_TRUE(changes.empty()) << changes.front();
  EXPECT_EQ(settled, 1);
}

TEST_F(FileWatcherTest, IsSettlingFromAChangeUntilItHasBeenTold) {
  EXPECT_FALSE(watcher->settling());
  write("app.py");
  EXPECT_TRUE(watcher->settling()) << "though the loop has not run since";
  run(1ms);
  EXPECT_TRUE(watcher->settling());
  EXPECT_EQ(settled, 0);
  settle();
  EXPECT_FALSE(watcher->settling());
  EXPECT_EQ(settled, 1);
  EXPECT_EQ(changes.size(), 1u);
}

TEST_F(FileWatcherTest, FindsADirectoryThatWasReplacedBeforeItLooksForItByItself) {
  rules.times.retry = 1h;
  start({root});
  fs::rename(root, root + ".old");
  settle();
  changes.clear();
  fs::create_directories(root);
  EXPECT_TRUE(watcher->settling());
  settle();
  EXPECT_EQ(changes.size(), 1u);
}

TEST_F(FileWatcherTest, IgnoresWhatItIsToldToByWhateverLinkItIsReached) {
  fs::create_directory_symlink(dir.path(), dir.path() + "/link");
  rules.ignored = {dir.path() + "/link/f/ready", root + "/state"};
  start({root});
  write("ready");
  fs::create_directories(root + "/state");
  run(1ms);
  write("state/run-1");
  settle();
  EXPECT_TRUE(changes.empty()) << changes.front();
  write("lib/ready");
  EXPECT_TRUE(changed()) << "another file of that name";
}

TEST_F(FileWatcherTest, AsksWhetherAChangedFileIsAnEditAndRemembersTheAnswer) {
  rules.is_no_edit = [](const std::string& path) { return path.ends_with(".json"); };
  start({root});
  write("result.json");
  settle();
  fs::remove(root + "/result.json");
  settle();
  EXPECT_TRUE(changes.empty()) << changes.front();
  write("result.json");
  write("app.py");
  settle();
  EXPECT_EQ(changes, std::vector<std::string>{root + "/app.py"});
}

TEST_F(FileWatcherTest, TellsOfChangesThatNeverStopToo) {
  const auto end = std::chrono::steady_clock::now() + 700ms;
  std::size_t pauses = 0;  // in which a busy host let the changes settle after all
  for (auto now = std::chrono::steady_clock::now(); now < end;) {
    write("log.txt");
    io.restart();
    io.run_for(10ms);
    const auto before = std::exchange(now, std::chrono::steady_clock::now());
    if (now - before > 15ms) ++pauses;  // with 10 ms of ours, and 20 that are quiet
  }
  EXPECT_LE(changes.size(), 3u + pauses);
  if (changes.empty()) settle();  // a host that was so busy gave the loop no turn
  EXPECT_GE(changes.size(), 1u);
}

TEST_F(FileWatcherTest, IgnoresWhatToolsLeaveBehind) {
  fs::create_directories(root + "/__pycache__");
  fs::create_directories(root + "/.git/objects");
  settle();
  for (const char* name : {"__pycache__/app.cpython-311.pyc", ".git/index", ".git/objects/aa",
                           ".app.py.swp", "app.py~", ".#app.py", "#app.py#", "4913"}) {
    write(name);
  }
  settle();
  EXPECT_TRUE(changes.empty()) << changes.front();
  EXPECT_FALSE(is_by_product("app.py"));
  EXPECT_FALSE(is_by_product(".env"));
}

TEST_F(FileWatcherTest, WatchesSubdirectoriesAlsoThoseThatComeLater) {
  write("lib/old.py");
  EXPECT_TRUE(changed());
  fs::create_directories(root + "/deep/deeper");
  EXPECT_TRUE(changed());
  write("deep/deeper/new.py");
  EXPECT_TRUE(changed());
  fs::rename(root + "/deep", root + "/moved");
  EXPECT_TRUE(changed());
  write("moved/deeper/new.py");
  EXPECT_TRUE(changed());
  fs::rename(root + "/moved", dir.path() + "/outside");
  EXPECT_TRUE(changed());
  std::ofstream(dir.path() + "/outside/deeper/new.py") << "3";
  settle();
  EXPECT_TRUE(changes.empty()) << "it is no part of the function any more";
}

TEST_F(FileWatcherTest, WatchesADirectoryThatWasRemovedAndMadeAgain) {
  fs::remove_all(root + "/lib");
  EXPECT_TRUE(changed());
  fs::create_directory(root + "/lib");
  EXPECT_TRUE(changed());
  write("lib/again.py");
  EXPECT_TRUE(changed());
}

TEST_F(FileWatcherTest, FindsItsRootAgainAfterItWasAway) {
  fs::remove_all(root);
  EXPECT_TRUE(changed()) << "it is gone";
  fs::create_directory(root);
  EXPECT_TRUE(changed()) << "it is back";
  write("app.py");
  EXPECT_TRUE(changed());
  fs::rename(root, root + ".old");
  EXPECT_TRUE(changed());
  fs::create_directories(root + "/lib");
  EXPECT_TRUE(changed());
  write("lib/x.py");
  EXPECT_TRUE(changed());
}

TEST_F(FileWatcherTest, WatchesSeveralRoots) {
  fs::create_directory(dir.path() + "/g");
  start({root, dir.path() + "/g"});
  std::ofstream(dir.path() + "/g/x") << "1";
  EXPECT_TRUE(changed());
  write("x");
  EXPECT_TRUE(changed());
}

TEST_F(FileWatcherTest, RefusesADirectoryThatIsNotThere) {
  auto started = FileWatcher::start(io, {root + "/none"}, {});
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ExitCode::usage);
  EXPECT_EQ(started.error().message, "cannot watch '" + root + "/none': it is no directory");
}

TEST_F(FileWatcherTest, MayEndWhileAChangeIsOnItsWay) {
  write("app.py");
  run(5ms);
  watcher.reset();
  run(60ms);
  EXPECT_TRUE(changes.empty());
}

}  // namespace
}  // namespace coldframe
