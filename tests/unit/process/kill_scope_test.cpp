#include "emulator/process/kill_scope.hpp"

#include <gtest/gtest.h>
#include <sys/prctl.h>

#include "emulator/base/ids.hpp"
#include "tests/unit/process/child_fixture.hpp"

namespace coldframe {
namespace {

using namespace std::chrono_literals;
using testing::facts_of;
using testing::is_gone;
using testing::start_shell;
using testing::TestChild;
using testing::wait_until;

std::string new_marker() { return IdSource().hex(32); }
std::string variable(const std::string& marker) {
  return "AWS_LAMBDA_LOG_STREAM_NAME=2026/11/24/[$LATEST]" + marker;
}

TEST(KillScopes, EndsTheWholeProcessGroup) {
  TestChild child = start_shell("sleep 100 & echo $!; sleep 101 & echo $!; wait");
  const pid_t first = std::stoi(child.read_line());
  const pid_t second = std::stoi(child.read_line());
  const KillReport report = kill_scopes({{child.pid(), ""}}, 10s);
  EXPECT_EQ(report.alive, 0);
  EXPECT_EQ(report.ended, 3);
  EXPECT_TRUE(is_gone(child.pid()));
  EXPECT_TRUE(is_gone(first));
  EXPECT_TRUE(is_gone(second));
}

TEST(KillScopes, EndsAGroupWhoseLeaderHasAlreadyEnded) {
  TestChild child = start_shell("sleep 100 & echo $!");
  const pid_t left = std::stoi(child.read_line());
  ASSERT_TRUE(wait_until([&] { return facts_of(child.pid()).state == 'Z'; }));
  ASSERT_FALSE(is_gone(left));
  EXPECT_EQ(kill_scopes({{child.pid(), ""}}, 10s).alive, 0);
  EXPECT_TRUE(is_gone(left));
}

TEST(KillScopes, FindsAGrandchildInItsOwnSessionByTheMarkerInItsEnvironment) {
  const std::string marker = new_marker();
  TestChild child = start_shell("setsid sleep 100 & echo $!; wait", {variable(marker)});
  const pid_t escaped = std::stoi(child.read_line());
  ASSERT_TRUE(wait_until([&] { return facts_of(escaped).session == escaped; }));
  EXPECT_EQ(kill_scopes({{child.pid(), ""}}, 10s).alive, 0);
  EXPECT_TRUE(is_gone(child.pid()));
  EXPECT_FALSE(is_gone(escaped)) << "without the marker nothing connects it with us";
  EXPECT_EQ(kill_scopes({{0, marker}}, 10s).alive, 0);
  EXPECT_TRUE(is_gone(escaped));
}

TEST(KillScopes, TouchesNobodyElse) {
  const std::string marker = new_marker();
  TestChild mine = start_shell("echo up; sleep 100", {variable(marker)});
  TestChild other = start_shell("echo up; sleep 100", {variable(new_marker())});
  mine.read_line();
  other.read_line();
  EXPECT_EQ(kill_scopes({{mine.pid(), marker}}, 10s).alive, 0);
  EXPECT_TRUE(is_gone(mine.pid()));
  EXPECT_FALSE(is_gone(other.pid()));
}

TEST(KillScopes, MatchesNothingByAShortMarker) {
  TestChild child = start_shell("echo up; sleep 100", {"SHORT=0123456789abcde"});
  child.read_line();
  EXPECT_EQ(kill_scopes({{0, ""}}, 0s).ended, 0);
  EXPECT_EQ(kill_scopes({{0, "0123456789abcde"}}, 0s).ended, 0);
  EXPECT_FALSE(is_gone(child.pid()));
}

TEST(KillScopes, EndsSeveralEnvironmentsAtOnce) {
  std::vector<TestChild> children;
  std::vector<KillScope> scopes;
  for (int i = 0; i < 4; ++i) {
    children.push_back(start_shell("echo up; sleep 100"));
    children.back().read_line();
    scopes.push_back({children.back().pid(), ""});
  }
  EXPECT_EQ(kill_scopes(scopes, 10s).alive, 0);
  for (auto& child : children)
    EXPECT_TRUE(is_gone(child.pid()));
}

TEST(KillScopes, HasNothingToDoForNoScopes) { EXPECT_EQ(kill_scopes({}, 0s).alive, 0); }

// The name of a process stands in /proc/PID/stat unescaped and may imitate the fields behind it.
TEST(KillScopes, IsNotFooledByTheNameOfAProcess) {
  auto [read_end, write_end] = testing::make_pipe();
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::setsid();
    ::prctl(PR_SET_NAME, "x) Z 1 1 1 (");
    if (::write(write_end.get(), "x", 1) != 1) ::_exit(1);
    for (;;)
      ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(read_end.get(), &byte, 1), 1);
  EXPECT_EQ(kill_scopes({{child, ""}}, 10s).alive, 0);
  EXPECT_TRUE(is_gone(child));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

}  // namespace
}  // namespace coldframe
