// A watcher of a real directory `root`, with short times, and what it has told.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "emulator/watch/file_watcher.hpp"
#include "tests/unit/process/child_fixture.hpp"

namespace coldframe {

class FileWatcherTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root = dir.path() + "/f";
    std::filesystem::create_directories(root + "/lib");
    dir.write("f/app.py", "1");
    start({root});
  }
  void start(std::vector<std::filesystem::path> roots) {
    watcher.reset();
    WatchCallbacks callbacks;
    callbacks.changed = [this](const std::string& path) { changes.push_back(path); };
    callbacks.settled = [this] { ++settled; };
    callbacks.trouble = [](const Error& error) { ADD_FAILURE() << error.message; };
    rules.times = {std::chrono::milliseconds(20), std::chrono::milliseconds(300),
                   std::chrono::milliseconds(10)};
    auto started = FileWatcher::start(io, std::move(roots), std::move(callbacks), rules);
    ASSERT_TRUE(started) << started.error().message;
    watcher = std::move(*started);
  }
  void run(std::chrono::milliseconds time) {
    io.restart();
    io.run_for(time);
  }
  // Runs the loop for a while that is long for these times, and until nothing is on its way.
  void settle() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    run(std::chrono::milliseconds(60));
    while (watcher && watcher->settling() && std::chrono::steady_clock::now() < deadline)
      run(std::chrono::milliseconds(10));
  }
  bool changed() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (changes.empty() && std::chrono::steady_clock::now() < deadline) {
      io.restart();
      io.run_one_for(std::chrono::milliseconds(100));
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
  WatchRules rules;
  std::vector<std::string> changes;
  int settled = 0;
  std::unique_ptr<FileWatcher> watcher;
};

}  // namespace coldframe
