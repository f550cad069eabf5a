#include "emulator/process/orphans.hpp"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "tests/unit/process/child_fixture.hpp"

namespace coldframe {
namespace {

using testing::facts_of;
using testing::make_pipe;
using testing::wait_until;

// While it lives, this process is what process 1 is in a container: orphans become its children.
class OrphansTest : public ::testing::Test {
 protected:
  OrphansTest() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }
  ~OrphansTest() override { ::prctl(PR_SET_CHILD_SUBREAPER, 0); }

  // Dead with all its threads (a sanitizer gives even a forked child one): a leader that is a
  // zombie is no sign of that.
  static bool is_dead(pid_t child) {
    siginfo_t ended{};
    return ::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           ended.si_pid == child;
  }
  // A process that has ended and whose parent has died before it.
  static pid_t dead_orphan() {
    auto [read_end, write_end] = make_pipe();
    const pid_t parent = ::fork();
    if (parent == 0) {
      const pid_t orphan = ::fork();
      if (orphan == 0) ::_exit(0);
      ::_exit(::write(write_end.get(), &orphan, sizeof orphan) == sizeof orphan ? 0 : 1);
    }
    pid_t orphan = -1;
    EXPECT_EQ(::read(read_end.get(), &orphan, sizeof orphan), static_cast<ssize_t>(sizeof orphan));
    EXPECT_EQ(::waitpid(parent, nullptr, 0), parent);
    EXPECT_TRUE(wait_until([&] { return is_dead(orphan); }));
    return orphan;
  }
  static pid_t dead_child() {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(7);
    EXPECT_TRUE(wait_until([&] { return is_dead(child); }));
    return child;
  }
};

TEST_F(OrphansTest, AreCollectedAllAtOnce) {
  const pid_t first = dead_orphan();
  const pid_t second = dead_orphan();
  Orphans orphans(true);
  EXPECT_EQ(orphans.collect(), 2);
  EXPECT_EQ(facts_of(first).state, 'X');
  EXPECT_EQ(facts_of(second).state, 'X');
  EXPECT_EQ(orphans.collect(), 0);
}

TEST_F(OrphansTest, TheStatusOfAClaimedChildIsLeftToItsOwner) {
  Orphans orphans(true);
  const pid_t child = dead_child();
  orphans.claim(child);
  EXPECT_EQ(orphans.collect(), 0);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, WNOHANG), child);
  EXPECT_EQ(WEXITSTATUS(status), 7);
  orphans.release(child);
  dead_orphan();
  EXPECT_EQ(orphans.collect(), 1);
}

TEST_F(OrphansTest, NothingIsCollectedInAProgramThatIsNotProcess1) {
  const pid_t orphan = dead_orphan();
  EXPECT_EQ(Orphans(false).collect(), 0);
  EXPECT_EQ(::waitpid(orphan, nullptr, WNOHANG), orphan);
}

}  // namespace
}  // namespace coldframe
