// Real directories and the kernel's own events; only the times are short.
#include "emulator/watch/file_watcher.hpp"

#include <gtest/gtest.h>

#include "tests/unit/process/child_fixture.hpp"

namespace coldframe {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class FileWatcherTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root = dir.path() + "/f";
    fs::create_directories(root + "/lib");
    dir.write("f/app.py", "1");
    start({root});
  }
  void start(std::vector<fs::path> roots) {
    watcher.reset();
    auto started = FileWatcher::start(
        io, std::move(roots), [this](const std::string& path) { changes.push_back(path); },
        [](const Error& error) { ADD_FAILURE() << error.message; }, {30ms, 300ms, 20ms});
    ASSERT_TRUE(started) << started.error().message;
    watcher = std::move(*started);
  }
  // Runs the loop for a while that is long for these times.
  void settle(std::chrono::milliseconds time = 200ms) {
    io.restart();
    io.run_for(time);
  }
  bool changed() {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (changes.empty() && std::chrono::steady_clock::now() < deadline) {
      io.restart();
      io.run_one_for(100ms);
    }
    settle();
    const bool any = !changes.empty();
    changes.clear();
    return any;
  }
  void write(const std::string& name, const std::string& text = "2") {
    std::ofstream(root + "/" + name) << text;
  }

  testing::TempDir dir;
  std::string root;
  boost::asio::io_context io;
  std::vector<std::string> changes;
  std::unique_ptr<FileWatcher> watcher;
};

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

TEST_F(FileWatcherTest, TellsOfABurstOnceWithItsFirstPath) {
  for (int i = 0; i < 50; ++i)
    write("file" + std::to_string(i));
  settle();
  EXPECT_EQ(changes, std::vector<std::string>{root + "/file0"});
}

TEST_F(FileWatcherTest, TellsOfChangesThatNeverStopToo) {
  const auto end = std::chrono::steady_clock::now() + 700ms;
  while (std::chrono::steady_clock::now() < end) {
    write("log.txt");
    io.restart();
    io.run_for(10ms);
  }
  EXPECT_GE(changes.size(), 1u);
  EXPECT_LE(changes.size(), 3u);
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
  auto started = FileWatcher::start(
      io, {root + "/none"}, [](const std::string&) {}, [](const Error&) {});
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ExitCode::usage);
  EXPECT_EQ(started.error().message, "cannot watch '" + root + "/none': it is no directory");
}

TEST_F(FileWatcherTest, MayEndWhileAChangeIsOnItsWay) {
  write("app.py");
  settle(10ms);
  watcher.reset();
  settle();
  EXPECT_TRUE(changes.empty());
}

}  // namespace
}  // namespace coldframe
