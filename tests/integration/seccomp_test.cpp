// The filter of the strict sandbox in the kernel that runs the tests.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <functional>

#include "emulator/sandbox/seccomp_filter.hpp"
#include "tests/support/temp_dir.hpp"

namespace coldframe::testing {
namespace {

// What `work` returns in a filtered child, or minus the signal that ended it.
int in_filtered_child(const std::function<int()>& work) {
  const auto& filter = seccomp_filter();
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::alarm(60);
    if (!install_seccomp(filter)) ::_exit(255);
    ::_exit(work());
  }
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

int error_of(long number, long a = 0, long b = 0, long c = 0) {
  return in_filtered_child([=] { return ::syscall(number, a, b, c, 0, 0, 0) == -1 ? errno : 0; });
}

TEST(Seccomp, RefusesWithTheErrorThatItSays) {
  EXPECT_EQ(error_of(SYS_unshare, CLONE_NEWUSER), EPERM);
  EXPECT_EQ(error_of(SYS_unshare, 0), EPERM) << "which the kernel would take";
  EXPECT_EQ(error_of(SYS_mount), EPERM);
  EXPECT_EQ(error_of(SYS_bpf), EPERM);
  EXPECT_EQ(error_of(SYS_keyctl), EPERM);
  EXPECT_EQ(error_of(SYS_io_uring_setup, 1), EPERM);
  EXPECT_EQ(error_of(SYS_userfaultfd), EPERM);
  EXPECT_EQ(error_of(SYS_process_vm_readv, ::getpid()), EPERM);
  EXPECT_EQ(error_of(SYS_setns, -1), EPERM);
  EXPECT_EQ(error_of(SYS_personality, 0x40000), EPERM);
  EXPECT_EQ(error_of(SYS_clone, CLONE_NEWUSER | SIGCHLD), EPERM);
  EXPECT_EQ(error_of(SYS_clone3), ENOSYS);
  EXPECT_EQ(error_of(500), ENOSYS);
  EXPECT_EQ(error_of(SYS_socket, AF_VSOCK, SOCK_STREAM), EPERM);
  EXPECT_EQ(error_of(SYS_socket, AF_ALG, SOCK_SEQPACKET), EPERM);
}

TEST(Seccomp, LeavesOrdinaryCallsAlone) {
  EXPECT_EQ(error_of(SYS_getppid), 0);
  EXPECT_EQ(error_of(SYS_socket, AF_INET, SOCK_STREAM), 0);
  EXPECT_EQ(error_of(SYS_socket, AF_UNIX, SOCK_DGRAM), 0);
  EXPECT_EQ(error_of(SYS_socket, AF_NETLINK, SOCK_RAW), 0);
  EXPECT_EQ(error_of(SYS_personality, 0xffffffff), 0);
  EXPECT_EQ(error_of(SYS_sched_yield), 0);
  EXPECT_EQ(error_of(SYS_eventfd2), 0);
  EXPECT_EQ(error_of(SYS_openat, -1), EFAULT) << "the kernel's own answer";
}

TEST(Seccomp, LeavesForkExecAndThreadsAlone) {
  EXPECT_EQ(in_filtered_child([] {
              const pid_t pid = ::fork();
              if (pid == 0) ::execl("/bin/sh", "sh", "-c", "exit 7", nullptr);
              int status = 0;
              ::waitpid(pid, &status, 0);
              return WEXITSTATUS(status);
            }),
            7);
  EXPECT_EQ(in_filtered_child([] {
              pthread_t thread{};
              static int seen = 0;
              const auto work = [](void*) -> void* {
                seen = 5;
                return nullptr;
              };
              if (::pthread_create(&thread, nullptr, work, nullptr) != 0) return 1;
              ::pthread_join(thread, nullptr);
              return seen;
            }),
            5);
}

TEST(Seccomp, TakesNewPrivilegesAway) {
  EXPECT_EQ(in_filtered_child([] { return ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); }), 1);
}

TEST(Seccomp, LetsAPythonProgramRun) {
  if (::system("python3 -c 'import ssl' >/dev/null 2>&1") != 0) {
    GTEST_SKIP() << "needs a python3 with ssl in PATH";
  }
  const TempDir directory;
  const std::string script = directory.write("run.py", R"(
import asyncio, multiprocessing, socket, ssl, subprocess, sys, tempfile, threading
ssl.create_default_context()
done = []
threads = [threading.Thread(target=done.append, args=(i,)) for i in range(4)]
[t.start() for t in threads]
[t.join() for t in threads]
assert sorted(done) == [0, 1, 2, 3]
def child(end):
    end.send('hello')
ours, theirs = multiprocessing.Pipe()
process = multiprocessing.get_context('fork').Process(target=child, args=(theirs,))
process.start()
assert ours.recv() == 'hello'
process.join()
assert subprocess.run(['sh', '-c', 'echo out'], capture_output=True).stdout == b'out\n'
with tempfile.NamedTemporaryFile() as file:
    file.write(b'x')
async def loop():
    await asyncio.sleep(0)
    await (await asyncio.create_subprocess_exec('true')).wait()
asyncio.run(loop())
listener = socket.create_server(('127.0.0.1', 0))
socket.create_connection(listener.getsockname()).close()
sys.exit(9)
)");
  EXPECT_EQ(in_filtered_child([&] {
              ::execlp("python3", "python3", "-B", script.c_str(), nullptr);
              return 254;
            }),
            9);
}

}  // namespace
}  // namespace coldframe::testing
