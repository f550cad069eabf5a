// Calls that would fail on Lambda, seen by the kernel while real programs make them.
#include "emulator/sandbox/deny_trace.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <new>

#include "tests/support/cgroup_fixture.hpp"
#include "tests/support/sandbox_fixture.hpp"
#include "tests/support/temp_dir.hpp"

namespace coldframe::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr int k_cannot = 99;  // exit status: no tracing here

// Not below /tmp, where all is allowed.
class OutsideOfTmp {
 public:
  OutsideOfTmp() {
    std::string name = "/var/tmp/coldframe-test-XXXXXX";
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
    EXPECT_FALSE(path_.empty());
  }
  ~OutsideOfTmp() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  OutsideOfTmp(const OutsideOfTmp&) = delete;
  OutsideOfTmp& operator=(const OutsideOfTmp&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class DenyTraceTest : public ::testing::Test {
 protected:
  // Runs `work` in a traced child that shares our descriptors until the listener is in our hands.
  // Its exit status, and in `calls` what it did.
  int trace(const std::function<int()>& work) {
    void* memory = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    auto* listener_number = new (memory) std::atomic<int>(-1);
    const auto pid = static_cast<pid_t>(::syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0));
    if (pid == 0) {
      ::alarm(60);
      auto listener = install_deny_trace();
      if (!listener) ::_exit(k_cannot);
      const int number = listener->release();
      ::unshare(CLONE_FILES);
      ::close(number);
      listener_number->store(number);
      ::_exit(work());
    }
    int status = 0;
    pid_t ended = 0;
    while (listener_number->load() < 0 && (ended = ::waitpid(pid, &status, WNOHANG)) == 0)
      ::sched_yield();
    if (listener_number->load() >= 0) {
      DenyTrace observer(UniqueFd(listener_number->load()));
      while (observer.serve(calls, 1000ms)) {
      }
    }
    if (ended == 0) {
      EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    }
    ::munmap(memory, 4096);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  void SetUp() override {
    if (trace([] { return 0; }) == k_cannot) GTEST_SKIP() << "needs seccomp listeners (Linux 5.5)";
  }
  std::vector<std::string> texts() const {
    std::vector<std::string> all;
    for (const auto& call : calls.calls())
      all.push_back(describe(call));
    return all;
  }
  OutsideOfTmp outside;
  TempDir inside;
  DeniedCalls calls;
};

int try_open(const std::string& path, int flags) {
  const UniqueFd fd(::open(path.c_str(), flags | O_CLOEXEC, 0600));
  return fd ? 0 : errno;
}

TEST_F(DenyTraceTest, NamesWhatIsWrittenOutsideOfTmpAndLetsIt) {
  const std::string& at = outside.path();
  EXPECT_EQ(trace([&] {
              if (try_open(at + "/new", O_WRONLY | O_CREAT) != 0) return 1;
              if (try_open(at + "/new", O_RDWR) != 0) return 2;
              if (try_open(at + "/none", O_RDWR) != ENOENT) return 3;
              if (try_open(at + "/new", O_RDONLY) != 0) return 4;
              if (::mkdir((at + "/directory").c_str(), 0700) != 0) return 5;
              if (::mkdir((at + "/directory").c_str(), 0700) == 0 || errno != EEXIST) return 6;
              if (try_open("/dev/null", O_WRONLY) != 0) return 7;
              return try_open(inside.path() + "/free", O_WRONLY | O_CREAT);
            }),
            0);
  EXPECT_EQ(texts(), (std::vector<std::string>{"writes " + at + "/new",
                                               "makes the directory " + at + "/directory"}));
  EXPECT_TRUE(fs::exists(at + "/new"));
  EXPECT_TRUE(fs::exists(inside.path() + "/free"));
}

TEST_F(DenyTraceTest, KnowsWhereARelativePathAndALinkLead) {
  const std::string& at = outside.path();
  fs::create_symlink(inside.path(), at + "/cache");
  EXPECT_EQ(trace([&] {
              if (::chdir(at.c_str()) != 0) return 1;
              const int directory = ::open(at.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
              if (::mkdirat(directory, "made", 0700) != 0) return 2;
              if (try_open("made/../here", O_WRONLY | O_CREAT) != 0) return 3;
              return try_open(at + "/cache/free", O_WRONLY | O_CREAT);
            }),
            0);
  EXPECT_EQ(texts(), (std::vector<std::string>{"makes the directory " + at + "/made",
                                               "writes " + at + "/here"}));
  EXPECT_TRUE(fs::exists(inside.path() + "/free")) << "which the link leads to";
}

TEST_F(DenyTraceTest, NamesConnects) {
  EXPECT_EQ(trace([] {
              if (connect_to("127.0.0.1", 1) != ECONNREFUSED) return 1;
              const UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
              sockaddr_in name{};
              name.sin_family = AF_INET;
              name.sin_port = htons(9);
              ::inet_pton(AF_INET, "192.0.2.77", &name.sin_addr);  // for documentation
              ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name);
              return 0;
            }),
            0);
  EXPECT_EQ(texts(), std::vector<std::string>{"connects to 192.0.2.77:9"});
}

TEST_F(DenyTraceTest, SurvivesArgumentsThatPointNowhere) {
  EXPECT_EQ(trace([] {
              if (::syscall(SYS_openat, AT_FDCWD, 8, O_WRONLY) != -1 || errno != EFAULT) return 1;
              if (::syscall(SYS_openat2, AT_FDCWD, "/x", 8, 24) != -1 || errno != EFAULT) return 2;
              if (::syscall(SYS_connect, 0, 8, 16) != -1) return 3;
              if (::syscall(SYS_mkdirat, 12345, "x", 0700) != -1 || errno != EBADF) return 4;
              // The last byte before memory that is not there.
              auto* end = static_cast<char*>(::mmap(nullptr, 8192, PROT_READ | PROT_WRITE,
                                                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) +
                          4096;
              ::munmap(end, 4096);
              std::strcpy(end - 5, "/etc");
              return ::mkdir(end - 5, 0700) == -1 && errno == EEXIST ? 0 : 5;
            }),
            0);
  EXPECT_EQ(texts(), std::vector<std::string>{});
}

TEST_F(DenyTraceTest, SeesWhatAPythonProgramDoes) {
  if (::system("python3 -c 'import multiprocessing.synchronize' >/dev/null 2>&1") != 0) {
    GTEST_SKIP() << "needs a python3 with multiprocessing in PATH";
  }
  if (::access("/dev/shm", W_OK) != 0) GTEST_SKIP() << "needs /dev/shm";
  const std::string script = inside.write("run.py", R"(
import multiprocessing, os, sys, tempfile, threading
os.makedirs(sys.argv[1] + '/a/b', exist_ok=True)
threading.Thread(target=lambda: open(sys.argv[1] + '/a/file', 'w').close()).start()
multiprocessing.Lock()
tempfile.TemporaryFile(dir='/tmp').close()
)");
  const std::string& at = outside.path();
  EXPECT_EQ(trace([&] {
              ::execlp("python3", "python3", "-B", script.c_str(), at.c_str(), nullptr);
              return 98;
            }),
            0);
  const auto seen = texts();
  const auto has = [&](const std::string& wanted) {
    return std::find(seen.begin(), seen.end(), wanted) != seen.end();
  };
  EXPECT_TRUE(has("makes the directory " + at + "/a"));
  EXPECT_TRUE(has("makes the directory " + at + "/a/b"));
  EXPECT_TRUE(has("writes " + at + "/a/file"));
  bool shared_memory = false;
  for (const auto& text : seen)
    shared_memory = shared_memory || text.starts_with("uses shared memory /dev/shm/");
  EXPECT_TRUE(shared_memory);
  for (const auto& text : seen)
    EXPECT_EQ(text.find(" /tmp"), std::string::npos) << text;
}

}  // namespace
}  // namespace coldframe::testing
