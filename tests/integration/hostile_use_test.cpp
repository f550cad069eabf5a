// Functions that take whatever they can get: processes, /tmp, descriptors, connections. The caller
// is answered, the neighbour goes on, the next invoke works, nothing is left.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "tests/support/hostile_fixture.hpp"

namespace coldframe::testing {
namespace {

using namespace std::chrono_literals;

class HostileUse : public HostileFixture {
 protected:
  // A host on which nothing can be started any more is not usable.
  static bool host_starts_processes() { return in_child_of_the_host() == 7; }

 private:
  static int in_child_of_the_host() {
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(7);
    int status = 0;
    return pid > 0 && ::waitpid(pid, &status, 0) == pid ? WEXITSTATUS(status) : -1;
  }
};

class HostileUseInGroups : public HostileUse {
 protected:
  void SetUp() override {
    HostileUse::SetUp();
    if (IsSkipped()) return;
    if (!no_groups().empty()) GTEST_SKIP() << no_groups();
    options.limits = LimitsKind::cgroup;
  }
};

TEST_F(HostileUseInGroups, HasAThousandProcessesAndNoMore) {
  function.memory_mb = 3008;  // a thousand Pythons
  start_hostile();
  const Json found = attack(R"(
import signal
children = []
try:
    while True:
        pid = os.fork()
        if pid == 0:
            signal.pause()
        children.append(pid)
except OSError as error:
    answer = [len(children), errno.errorcode[error.errno]]
)");
  EXPECT_EQ(found, Json::parse(R"([1023, "EAGAIN"])")) << "1024 with the runtime";
  EXPECT_TRUE(host_starts_processes());
  expect_all_well();
  EXPECT_EQ(attack("answer = refused(os.fork)"), "EAGAIN") << "they are still there";
}

TEST_F(HostileUseInGroups, ThatForksForEverEndsAtItsTimeout) {
  function.timeout_s = 2;
  start_hostile();
  auto bomb = ask("f", R"(
while True:
    try:
        os.fork()
        os.setsid()
    except OSError:
        pass
)");
  ASSERT_TRUE(until([&] { return !bomb.answered() && log.count("START RequestId") == 3; }));
  EXPECT_EQ(told_by("g", "answer = 'well'"), "well") << "while it goes on";
  EXPECT_TRUE(host_starts_processes());
  // What is short first, time or memory, ends it.
  EXPECT_NE(bomb.finish().body.find("\"errorType\""), std::string::npos);
  expect_all_well();
  EXPECT_EQ(
      attack("answer = sorted(int(name) for name in os.listdir('/proc') if name.isdigit())").size(),
      2U)
      << "the init and the new runtime";
}

// Without groups nobody counts processes, so it has few here; that none of them escapes needs none.
TEST_F(HostileUse, WhoseProcessesNeverStopForkingLosesThemAll) {
  function.timeout_s = 1;
  start_hostile();
  EXPECT_NE(fatal_attack(R"(
import signal
for number in range(1, 32):
    if number not in (signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_IGN)
for i in range(30):
    if os.fork() == 0:
        while True:
            try:
                if os.fork() != 0:
                    os._exit(0)
                os.setsid()
            except OSError:
                pass
while True:
    signal.pause()
)")
                .find("Task timed out after 1.00 seconds"),
            std::string::npos);
  EXPECT_EQ(attack("answer = [name for name in os.listdir('/proc') if name.isdigit()]").size(), 2U);
  expect_all_well();
}

TEST_F(HostileUse, FillsItsOwnTmpAlone) {
  start_hostile();
  const Json found = attack(R"(
block, size = bytes(1 << 20), 0
try:
    with open('/tmp/all', 'wb', 0) as file:
        while True:
            size += file.write(block)
except OSError as error:
    answer = [errno.errorcode[error.errno], size >> 20]
)");
  EXPECT_EQ(found[0], "ENOSPC");
  EXPECT_GT(found[1], 400);
  EXPECT_LE(found[1], 520);
  expect_all_well();
  EXPECT_EQ(told_by("g", "answer = open('/tmp/mine', 'w').write('x' * 100000)"), 100000);
  ASSERT_TRUE(emulator().recycle("f").has_value());
  EXPECT_EQ(attack("answer = os.listdir('/tmp')"), Json::array());
}

TEST_F(HostileUse, MakesFilesUntilItsOwnTmpHasNoMore) {
  start_hostile();
  const Json found = attack(R"(
try:
    for number in range(1 << 20):
        os.mknod(f'/tmp/{number}')
except OSError as error:
    answer = [errno.errorcode[error.errno], number]
)");
  EXPECT_EQ(found[0], "ENOSPC") << found;
  EXPECT_LE(found[1], 40'000);
  expect_all_well();
}

TEST_F(HostileUse, HoldsItsOwnDescriptorsAlone) {
  start_hostile();
  const int before = open_descriptors();
  const Json found = attack(R"(
held = []
try:
    while True:
        held.append(os.open('/dev/null', os.O_RDONLY))
except OSError as error:
    answer = [errno.errorcode[error.errno], held[-1]]
)");
  EXPECT_EQ(found, Json::parse(R"(["EMFILE", 1023])"));
  EXPECT_LE(open_descriptors(), before + 4);
  expect_all_well();
  EXPECT_EQ(attack("answer = [os.close(fd) for fd in held][0]"), nullptr);
}

// The emulator holds the other end of each.
TEST_F(HostileUse, ConnectsToItsApiAsOftenAsItLikes) {
  start_hostile();
  const int before = open_descriptors();
  const Json found = attack(R"(
import signal, socket
ready, tell = os.pipe()
children = []
for i in range(8):
    children.append(os.fork())
    if children[-1] == 0:
        held = []
        for place in ('169.254.100.1', '127.0.0.1') * 200:
            held.append(socket.create_connection((place, 9001)))
        os.write(tell, b'.')
        signal.pause()
for child in children:
    os.read(ready, 1)
answer = 'held'
)");
  EXPECT_EQ(found, "held");
  EXPECT_LE(open_descriptors(), before + 256 + 8) << "of 3200";
  ASSERT_TRUE(emulator().recycle("g").has_value());
  EXPECT_EQ(told_by("g", "count = 1"), nullptr) << "a cold start of the neighbour";
  expect_all_well();
  EXPECT_EQ(attack("answer = [os.kill(pid, signal.SIGKILL) for pid in children][0]"), nullptr);
}

TEST_F(HostileUse, TalksWithoutEndAndTheNeighbourIsHeard) {
  function.timeout_s = 2;
  start_hostile();
  auto talker = ask("f", "while True: os.write(1, b'x' * 65536 + b'\\n')");
  EXPECT_EQ(told_by("g", "print('the neighbour', flush=True); answer = 1"), 1);
  EXPECT_NE(talker.finish().body.find("Task timed out"), std::string::npos);
  EXPECT_TRUE(log.contains("the neighbour"));
  expect_all_well();
}

// How many; COLDFRAME_TEST_ENVIRONMENTS says otherwise.
int environments() {
  if (const char* wanted = std::getenv("COLDFRAME_TEST_ENVIRONMENTS")) return std::atoi(wanted);
#ifdef __SANITIZE_ADDRESS__
  return 100;
#else
  return 500;
#endif
}

TEST_F(HostileUse, LeavesNothingOfHundredsOfEnvironments) {
  const int count = environments();
  ASSERT_GT(count, 0);
  options.limits = no_groups().empty() ? LimitsKind::cgroup : LimitsKind::none;
  play(k_obey);
  start();
  EXPECT_EQ(obey("respond 1").body, "1");
  const int before = open_descriptors();
  for (int i = 0; i < count; ++i) {
    ASSERT_TRUE(emulator().recycle("f").has_value());
    ASSERT_EQ(obey("write-file /tmp/x y; fork-daemon; respond 1").body, "1") << i;
  }
  ASSERT_TRUE(until([&] { return descendants_named("coldframe-init").size() == 1; }));
  EXPECT_TRUE(until([&] { return open_descriptors() <= before + 4; })) << open_descriptors();
  EXPECT_TRUE(until([&] { return loops_in_use() <= 1; })) << loops_in_use();
  EXPECT_LE(groups_in_use(), 1U);
}

}  // namespace
}  // namespace coldframe::testing
