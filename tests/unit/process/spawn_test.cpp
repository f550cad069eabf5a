#include "emulator/process/spawn.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "emulator/limits/cpu_places.hpp"
#include "emulator/process/exit_status.hpp"
#include "tests/unit/process/child_fixture.hpp"

namespace coldframe {
namespace {

using testing::facts_of;
using testing::is_gone;
using testing::make_pipe;
using testing::start;
using testing::start_shell;
using testing::TempDir;
using testing::TestChild;
using testing::wait_until;

SpawnPlan plan_of(const std::string& executable) {
  SpawnPlan plan;
  plan.executable = executable;
  plan.argv = {executable};
  return plan;
}

void expect_failure(SpawnPlan plan, ExecStage stage, int error_number) {
  TestChild child = start(std::move(plan));
  const auto failure = child.exec_failure();
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->stage, stage);
  EXPECT_EQ(failure->error_number, error_number) << std::strerror(failure->error_number);
  EXPECT_EQ(ExitStatus::from_wait(child.wait()), ExitStatus::exited(127));
}

TEST(Spawn, RunsAProgramWithItsArgumentsAndItsWholeEnvironment) {
  SpawnPlan plan = plan_of("/usr/bin/env");
  plan.environment = {"B=2", "A=1 with = and space", "EMPTY="};
  TestChild child = start(std::move(plan));
  EXPECT_EQ(child.exec_failure(), std::nullopt);
  EXPECT_EQ(child.read_all(), "B=2\nA=1 with = and space\nEMPTY=\n");
  EXPECT_EQ(ExitStatus::from_wait(child.wait()), ExitStatus::exited(0));
}

TEST(Spawn, PassesArgvAsItIs) {
  SpawnPlan plan = plan_of("/bin/sh");
  plan.argv = {"another name", "-c", "echo \"$0|$1|$2|$#\"", "zero", "", "two words"};
  EXPECT_EQ(start(std::move(plan)).read_all(), "zero||two words|2\n");
}

TEST(Spawn, StartsInTheWorkingDirectory) {
  TempDir dir;
  SpawnPlan plan = plan_of("/bin/pwd");
  plan.working_directory = dir.path();
  EXPECT_EQ(start(std::move(plan)).read_line(), std::filesystem::canonical(dir.path()).string());
}

TEST(Spawn, ReportsAMissingProgram) {
  expect_failure(plan_of("/nonexistent/bootstrap"), ExecStage::exec, ENOENT);
}

TEST(Spawn, ReportsAFileThatIsNotExecutable) {
  TempDir dir;
  expect_failure(plan_of(dir.write("bootstrap", "#!/bin/sh\n", 0644)), ExecStage::exec, EACCES);
  expect_failure(plan_of(dir.path()), ExecStage::exec, EACCES);
}

TEST(Spawn, DoesNotFallBackToAShellForAFileWithoutAFormat) {
  TempDir dir;
  expect_failure(plan_of(dir.write("bootstrap", "echo this is no program\n", 0755)),
                 ExecStage::exec, ENOEXEC);
}

TEST(Spawn, ReportsAMissingInterpreter) {
  TempDir dir;
  expect_failure(plan_of(dir.write("bootstrap", "#!/no/such/interpreter\n", 0755)), ExecStage::exec,
                 ENOENT);
}

TEST(Spawn, ReportsABadWorkingDirectoryAsSuch) {
  TempDir dir;
  SpawnPlan missing = plan_of("/bin/true");
  missing.working_directory = dir.path() + "/none";
  expect_failure(missing, ExecStage::working_directory, ENOENT);
  SpawnPlan file = plan_of("/bin/true");
  file.working_directory = dir.write("file", "");
  expect_failure(file, ExecStage::working_directory, ENOTDIR);
}

TEST(Spawn, TellsWhatTheChildInheritsOfOurMemory) {
  std::vector<char> memory(64 * 1024 * 1024, 'x');
  TestChild child = start_shell("exit 0");
  pollfd told{child.exec_report(), POLLIN, 0};
  ASSERT_EQ(::poll(&told, 1, 10'000), 1);
  ExecNote note{};
  ASSERT_EQ(::read(child.exec_report(), &note, sizeof note), static_cast<ssize_t>(sizeof note));
  EXPECT_EQ(note.stage, ExecStage::about_to_exec);
  EXPECT_GE(note.inherited_peak, static_cast<std::int64_t>(memory.size()));
  rusage usage{};
  int status = 0;
  ASSERT_EQ(::wait4(child.pid(), &status, 0, &usage), child.pid());
  child.was_reaped();
  EXPECT_LE(std::int64_t{usage.ru_maxrss} * 1024, note.inherited_peak + 512 * 1024);
}

TEST(Spawn, JoinsItsGroupsBeforeItRunsAndPassesNoneOfTheirDescriptors) {
  auto [first_read, first_write] = make_pipe();
  auto [second_read, second_write] = make_pipe();
  SpawnPlan plan = plan_of("/bin/sh");
  plan.argv = {"sh", "-c", "ls /proc/$$/fd; :"};
  plan.environment = {"PATH=/usr/bin:/bin"};
  plan.join_fds = {first_write.get(), second_write.get()};
  EXPECT_EQ(start(std::move(plan)).read_all(), "0\n1\n2\n");
  for (const int fd : {first_read.get(), second_read.get()}) {
    char text[8] = {};
    EXPECT_EQ(::read(fd, text, sizeof text), 1);
    EXPECT_STREQ(text, "0");
  }
}

TEST(Spawn, ReportsAGroupThatCannotBeJoined) {
  auto [only_read, write] = make_pipe();
  SpawnPlan plan = plan_of("/bin/true");
  plan.join_fds = {only_read.get()};
  expect_failure(plan, ExecStage::set_up, EBADF);
}

TEST(Spawn, RunsOnTheCpusItIsGiven) {
  const auto cpus = allowed_cpus();
  ASSERT_FALSE(cpus.empty());
  SpawnPlan plan = plan_of("/bin/sh");
  plan.argv = {"sh", "-c", "grep Cpus_allowed_list /proc/self/status | cut -f2"};
  plan.environment = {"PATH=/usr/bin:/bin"};
  plan.cpus = {cpus.back()};
  EXPECT_EQ(start(std::move(plan)).read_all(), std::to_string(cpus.back()) + "\n");
  SpawnPlan nowhere = plan_of("/bin/true");
  nowhere.cpus = {CPU_SETSIZE - 1};
  expect_failure(nowhere, ExecStage::set_up, EINVAL);
}

// The shell lives on while ls lists its descriptors.
constexpr const char* k_list_descriptors = "ls /proc/$$/fd; :";

TEST(Spawn, LeaksNoDescriptorToTheChild) {
  std::vector<UniqueFd> inheritable;
  for (int fd : {::open("/dev/null", O_RDONLY), ::dup(0), ::socket(AF_UNIX, SOCK_STREAM, 0)}) {
    inheritable.emplace_back(fd);
    inheritable.emplace_back(::fcntl(fd, F_DUPFD, 200));
  }
  EXPECT_EQ(start_shell(k_list_descriptors).read_all(), "0\n1\n2\n");
}

TEST(Spawn, GivesTheLogDescriptorItsNumberAndNothingElse) {
  auto [log_read, log_write] = make_pipe();
  SpawnPlan plan = plan_of("/bin/sh");
  plan.argv = {"sh", "-c", std::string("echo framed > /proc/self/fd/62; ") + k_list_descriptors};
  plan.environment = {"PATH=/usr/bin:/bin"};
  plan.log_fd = log_write.get();
  EXPECT_EQ(start(std::move(plan)).read_all(), "0\n1\n2\n62\n");
  char text[16] = {};
  EXPECT_EQ(::read(log_read.get(), text, sizeof text), 7);
  EXPECT_STREQ(text, "framed\n");
}

// Numbers that the child is to get may be taken, in the parent, by the very descriptors to be
// given.
TEST(Spawn, SortsOutDescriptorsWhoseNumbersCross) {
  if (::fcntl(62, F_GETFD) != -1) GTEST_SKIP() << "descriptor 62 is in use here";
  auto [out_read, out_write] = make_pipe();
  auto [log_read, log_write] = make_pipe();
  UniqueFd out(::fcntl(out_write.get(), F_DUPFD_CLOEXEC, 62));
  ASSERT_EQ(out.get(), 62);
  out_write.reset();
  SpawnPlan plan = plan_of("/bin/sh");
  plan.argv = {"sh", "-c", "echo out; echo err >&2; echo log > /proc/self/fd/62"};
  plan.stdout_fd = plan.stderr_fd = out.get();
  plan.log_fd = log_write.get();
  TestChild child = start(std::move(plan));
  child.wait();
  char text[32] = {};
  EXPECT_EQ(::read(out_read.get(), text, sizeof text), 8);
  EXPECT_STREQ(text, "out\nerr\n");
  char log[32] = {};
  EXPECT_EQ(::read(log_read.get(), log, sizeof log), 4);
  EXPECT_STREQ(log, "log\n");
}

TEST(Spawn, GivesAnEmptyStandardInput) {
  EXPECT_EQ(start_shell("readlink /proc/$$/fd/0; cat").read_all(), "/dev/null\n");
}

TEST(Spawn, PutsTheChildIntoASessionAndGroupOfItsOwn) {
  TestChild child = start_shell("echo up; sleep 100");
  ASSERT_EQ(child.read_line(), "up");
  EXPECT_EQ(facts_of(child.pid()).session, child.pid());
  EXPECT_EQ(facts_of(child.pid()).group, child.pid());
}

TEST(Spawn, ResetsWhatWeIgnoreAndBlock) {
  auto* before_pipe = ::signal(SIGPIPE, SIG_IGN);
  auto* before_hup = ::signal(SIGHUP, SIG_IGN);
  sigset_t block;
  sigset_t before;
  sigemptyset(&block);
  sigaddset(&block, SIGUSR1);
  sigaddset(&block, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &block, &before);
  EXPECT_EQ(start_shell("grep -E 'Sig(Blk|Ign)' /proc/self/status").read_all(),
            "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
  sigset_t after;
  ::pthread_sigmask(SIG_SETMASK, &before, &after);
  EXPECT_EQ(::sigismember(&after, SIGUSR1), 1) << "our own mask must come back";
  EXPECT_EQ(::sigismember(&after, SIGINT), 0);
  ::signal(SIGPIPE, before_pipe);
  ::signal(SIGHUP, before_hup);
}

TEST(Spawn, MakesAPidfdThatTellsOfTheEnd) {
  TestChild child = start_shell("echo up; sleep 100");
  ASSERT_EQ(child.read_line(), "up");
  EXPECT_EQ(::fcntl(child.pidfd(), F_GETFD), FD_CLOEXEC);
  pollfd ended{child.pidfd(), POLLIN, 0};
  EXPECT_EQ(::poll(&ended, 1, 0), 0);
  ::kill(-child.pid(), SIGKILL);
  EXPECT_EQ(::poll(&ended, 1, 10'000), 1);
  EXPECT_EQ(ExitStatus::from_wait(child.wait()), ExitStatus::signaled(SIGKILL));
}

TEST(Spawn, LeavesNoDescriptorBehindInUs) {
  auto count = [] {
    int n = 0;
    for ([[maybe_unused]] auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
      ++n;
    return n;
  };
  const int before = count();
  for (int i = 0; i < 20; ++i) {
    start_shell("exit 0").wait();
    expect_failure(plan_of("/nonexistent"), ExecStage::exec, ENOENT);
  }
  EXPECT_EQ(count(), before);
}

TEST(Spawn, LetsTheChildDieWithUs) {
  auto [read_end, write_end] = make_pipe();
  const pid_t parent = ::fork();
  ASSERT_GE(parent, 0);
  if (parent == 0) {
    SpawnPlan plan = plan_of("/bin/sleep");
    plan.argv = {"sleep", "100"};
    plan.working_directory = "/";
    plan.stdout_fd = plan.stderr_fd = write_end.get();
    auto spawned = spawn(plan);
    const pid_t child = spawned ? spawned->pid : -1;
    pollfd executed{spawned ? spawned->exec_report.get() : -1, POLLIN, 0};
    ::poll(&executed, 1, 10'000);
    if (::write(write_end.get(), &child, sizeof child) != sizeof child) ::_exit(1);
    ::_exit(0);
  }
  pid_t child = -1;
  ASSERT_EQ(::read(read_end.get(), &child, sizeof child), static_cast<ssize_t>(sizeof child));
  ASSERT_EQ(::waitpid(parent, nullptr, 0), parent);
  ASSERT_GT(child, 0);
  EXPECT_TRUE(wait_until([&] { return is_gone(child); }));
}

}  // namespace
}  // namespace coldframe
