// Real children for tests of the process room, and what is true of a process.
//
//   TestChild child = start_shell("echo hello; sleep 100", {"MARKER=0123456789abcdef"});
//   EXPECT_EQ(child.read_line(), "hello");
//   EXPECT_TRUE(wait_until([&] { return is_gone(child.pid()); }));
//
// A TestChild kills and reaps its process when it goes out of scope.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "emulator/process/spawn.hpp"
#include "tests/support/temp_dir.hpp"

namespace coldframe::testing {

// Looks again every millisecond; false after ten seconds.
inline bool wait_until(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

struct ProcessFacts {
  char state = 'X';
  pid_t group = 0;
  pid_t session = 0;
};
inline ProcessFacts facts_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::stringstream text;
  text << file.rdbuf();
  ProcessFacts facts;
  const auto at = text.str().rfind(')');
  if (at == std::string::npos) return facts;
  std::istringstream rest(text.str().substr(at + 1));
  pid_t parent = 0;
  rest >> facts.state >> parent >> facts.group >> facts.session;
  return facts;
}
// Ended: not there, or waiting for somebody to reap it.
inline bool is_gone(pid_t pid) {
  const char state = facts_of(pid).state;
  return state == 'X' || state == 'Z';
}

inline std::pair<UniqueFd, UniqueFd> make_pipe() {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

class TestChild {
 public:
  TestChild(Spawned spawned, UniqueFd out) : spawned_(std::move(spawned)), out_(std::move(out)) {}
  TestChild(TestChild&& other) noexcept
      : spawned_(std::move(other.spawned_)), out_(std::move(other.out_)), reaped_(other.reaped_) {
    other.spawned_.pid = -1;
  }
  TestChild& operator=(TestChild&&) = delete;
  ~TestChild() {
    if (spawned_.pid <= 0 || reaped_) return;
    ::kill(-spawned_.pid, SIGKILL);
    ::kill(spawned_.pid, SIGKILL);
    ::waitpid(spawned_.pid, nullptr, 0);
  }

  pid_t pid() const { return spawned_.pid; }
  int pidfd() const { return spawned_.pidfd.get(); }
  int exec_report() const { return spawned_.exec_report.get(); }
  void was_reaped() { reaped_ = true; }
  // Up to the next line end, without it; what there is at end of file.
  std::string read_line() {
    std::string line;
    char c = 0;
    while (read_byte(c) && c != '\n')
      line += c;
    return line;
  }
  std::string read_all() {
    std::string text;
    char c = 0;
    while (read_byte(c))
      text += c;
    return text;
  }
  // Waits until the exec has happened or failed; nothing if it happened.
  std::optional<ExecNote> exec_failure() {
    pollfd ready{spawned_.exec_report.get(), POLLIN, 0};
    ExecNote note{};
    do {
      if (::poll(&ready, 1, 10'000) != 1) return ExecNote{ExecStage::set_up, ETIMEDOUT, 0};
      const auto got = ::read(spawned_.exec_report.get(), &note, sizeof note);
      if (got != static_cast<ssize_t>(sizeof note)) return std::nullopt;
    } while (note.stage == ExecStage::about_to_exec);
    return note;
  }
  // The native status; waits for the end.
  int wait() {
    int status = -1;
    EXPECT_EQ(::waitpid(spawned_.pid, &status, 0), spawned_.pid);
    reaped_ = true;
    return status;
  }

 private:
  bool read_byte(char& c) {
    pollfd ready{out_.get(), POLLIN, 0};
    if (::poll(&ready, 1, 10'000) != 1) {
      ADD_FAILURE() << "the child said nothing for ten seconds";
      return false;
    }
    return ::read(out_.get(), &c, 1) == 1;
  }

  Spawned spawned_;
  UniqueFd out_;
  bool reaped_ = false;
};

inline TestChild start(SpawnPlan plan) {
  auto [read_end, write_end] = make_pipe();
  if (plan.stdout_fd < 0) plan.stdout_fd = write_end.get();
  if (plan.stderr_fd < 0) plan.stderr_fd = write_end.get();
  if (plan.working_directory.empty()) plan.working_directory = "/";
  auto spawned = spawn(plan);
  EXPECT_TRUE(spawned) << (spawned ? "" : spawned.error().message);
  if (!spawned) std::abort();
  return {std::move(*spawned), std::move(read_end)};
}

inline TestChild start_shell(const std::string& script, std::vector<std::string> environment = {}) {
  SpawnPlan plan;
  plan.executable = "/bin/sh";
  plan.argv = {"sh", "-c", script};
  plan.environment = std::move(environment);
  plan.environment.push_back("PATH=/usr/local/bin:/usr/bin:/bin");
  return start(std::move(plan));
}

}  // namespace coldframe::testing
