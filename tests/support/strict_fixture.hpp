// An emulator whose environments are strict sandboxes, and real children in them.
//
// A test is skipped, with the reason, where none can be made. At its end no process, mount or loop
// device of them is left.
#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "tests/support/child_fixture.hpp"
#include "tests/support/processes.hpp"

namespace coldframe::testing {

class StrictFixture : public ChildFixture {
 protected:
  void SetUp() override {
    if (!no_strict_sandbox().empty()) GTEST_SKIP() << no_strict_sandbox();
    options.sandbox = SandboxChoice::strict;
    options.cache_directory = directory.path();
    mounts_before_ = mounts();
    loops_before_ = loops();
  }
  void TearDown() override {
    ChildFixture::TearDown();
    if (!no_strict_sandbox().empty()) return;
    EXPECT_EQ(descendants_named("coldframe-init"), std::vector<pid_t>());
    EXPECT_EQ(descendants_named("coldframe-boxes"), std::vector<pid_t>());
    EXPECT_EQ(mounts(), mounts_before_);
    // A loop device that is free again is cleared a moment later.
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (loops() != loops_before_ && std::chrono::steady_clock::now() < give_up)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_EQ(loops(), loops_before_);
  }

  pid_t server_process() const { return only(descendants_named("coldframe-boxes")); }
  pid_t init_process() const { return only(descendants_named("coldframe-init")); }
  // Loop devices of ours.
  std::size_t loops_in_use() const { return loops().size(); }

 private:
  static pid_t only(const std::vector<pid_t>& pids) { return pids.size() == 1 ? pids[0] : 0; }
  // Those of the host that are a sandbox's; others come and go.
  static std::string mounts() {
    std::ifstream file("/proc/self/mountinfo");
    std::string found;
    for (std::string line; std::getline(file, line);)
      if (line.find("coldframe") != line.npos) found += line + "\n";
    return found;
  }
  // Those whose file is in our directory: others have theirs.
  std::set<std::string> loops() const {
    std::set<std::string> found;
    std::error_code none;
    for (const auto& device : std::filesystem::directory_iterator("/sys/block", none)) {
      std::ifstream file(device.path() / "loop/backing_file");
      std::string path;
      if (std::getline(file, path) && path.find(directory.path()) == 0) found.insert(path);
    }
    return found;
  }

  std::string mounts_before_;
  std::set<std::string> loops_before_;
};

}  // namespace coldframe::testing
