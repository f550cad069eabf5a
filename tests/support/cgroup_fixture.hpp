// Control groups of the kernel that runs the tests, with real children in them.
//
//   TEST_F(Cgroups, HoldWhoJoinsThem) {
//     make({.memory_bytes = 32 * k_mib});
//     Child child = start([&] { spin(shared->count); });
//
// A test is skipped, with the reason, where no groups can be made. Each makes groups of its own
// below the group that it is in, and removes them whatever happens.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <new>
#include <thread>

#include "emulator/cgroup/cgroup_run.hpp"
#include "emulator/cgroup/dead_runs.hpp"
#include "emulator/cgroup/run_name.hpp"
#include "emulator/process/group_entry.hpp"

namespace coldframe::testing {

inline constexpr std::int64_t k_mib = 1024 * 1024;
inline constexpr unsigned k_life_s = 60;  // of a child, should the test be killed

inline bool wait_until(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

// How often a share of the CPU may be measured: once. An emulated CPU ($COLDFRAME_EMULATED, set by
// tests/cgroup_v2/guest) is taken away by its host in the middle of everything, and the group that
// runs is charged for that time; what is wrong stays wrong.
inline int share_tries() { return std::getenv("COLDFRAME_EMULATED") != nullptr ? 8 : 1; }

// Memory that children share with the test.
struct Shared {
  std::atomic<long> count{0};
  std::atomic<int> step{0};
};

// A forked child in the group. `work` may use system calls and what the parent made before only.
class Child {
 public:
  Child(const std::vector<int>& join, const std::function<void()>& work) : pid_(::fork()) {
    if (pid_ != 0) return;
    ::setpgid(0, 0);
    ::alarm(k_life_s);
    if (join_groups(join, false) != 0) ::_exit(100);
    work();
    ::_exit(0);
  }
  ~Child() {
    if (pid_ <= 0 || waited_) return;
    ::kill(-pid_, SIGKILL);
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  pid_t pid() const { return pid_; }
  // The signal that ended it, or minus its exit code.
  int wait() {
    int status = 0;
    EXPECT_EQ(::waitpid(pid_, &status, 0), pid_);
    waited_ = true;
    return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
  }

 private:
  pid_t pid_;
  bool waited_ = false;
};

[[noreturn]] inline void spin(std::atomic<long>& count) {
  for (;;)
    ++count;
}

[[noreturn]] inline void rest() {
  for (;;)
    ::pause();
}

class Cgroups : public ::testing::Test {
 protected:
  void SetUp() override {
    backend = detect_cgroups();
    if (backend.kind == CgroupKind::none) {
      GTEST_SKIP() << "needs control groups; " << backend.summary << "; " << backend.remedy;
    }
    sweep_dead_runs(backend);
    auto started = CgroupRun::start(backend, "", files());
    ASSERT_TRUE(started) << started.error().message;
    run = std::move(*started);
    void* memory =
        ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    shared = new (memory) Shared;
  }
  void TearDown() override {
    if (!run) return;
    if (group) {
      group->kill();
      EXPECT_TRUE(wait_until([&] { return group->remove(); }));
      group.reset();
    }
    EXPECT_TRUE(wait_until([&] { return run->remove(); }));
    for (const auto& hierarchy : backend.hierarchies) {
      EXPECT_FALSE(std::filesystem::exists(hierarchy.own_group + "/" + own_run_name()));
    }
  }

  virtual CgroupFiles& files() { return kernel_files(); }
  void make(const CgroupLimits& limits = {}) {
    auto made = run->create("a1", limits);
    ASSERT_TRUE(made) << made.error().message;
    group = std::move(*made);
  }
  Child start(const std::function<void()>& work) { return {group->join_descriptors(), work}; }
  // The group's directory in the hierarchy of that controller.
  std::string at(const std::string& controller) const {
    return backend.of(controller)->own_group + "/" + own_run_name() + "/a1/";
  }
  bool is_v2() const { return backend.kind == CgroupKind::v2; }

  CgroupBackend backend;
  std::unique_ptr<CgroupRun> run;
  std::unique_ptr<Cgroup> group;
  Shared* shared = nullptr;
};

}  // namespace coldframe::testing
