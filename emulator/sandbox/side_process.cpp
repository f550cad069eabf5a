#include "emulator/sandbox/side_process.hpp"

#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <exception>

namespace coldframe {
namespace {

constexpr std::size_t k_stack_bytes = 256 * 1024;

struct Task {
  const std::function<int(SideReport&)>* work = nullptr;
  pid_t parent = 0;
  SideReport report;
  int error_number = 0;
};

// It grows downwards everywhere that we run; its lowest page is never to be reached.
class Stack {
 public:
  Stack()
      : memory_(::mmap(nullptr, k_stack_bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0)) {
    if (memory_ != MAP_FAILED) {
      ::mprotect(memory_, static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)), PROT_NONE);
    }
  }
  ~Stack() {
    if (memory_ != MAP_FAILED) ::munmap(memory_, k_stack_bytes);
  }
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;
  void* top() const {
    return memory_ == MAP_FAILED ? nullptr : static_cast<std::byte*>(memory_) + k_stack_bytes;
  }

 private:
  void* memory_;
};

int run_task(void* argument) {
  Task& task = *static_cast<Task*>(argument);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != task.parent) return 0;  // nobody is there who would want it
  try {
    task.error_number = (*task.work)(task.report);
  } catch (const std::exception&) {
    task.error_number = ENOMEM;
  }
  return 0;
}

}  // namespace

Result<SideFds> run_beside(const std::string& what, const std::function<int(SideReport&)>& work) {
  const auto failed = [&](const std::string& step, int error_number) {
    return host_error(what + ": " + step + ": " + std::strerror(error_number));
  };
  const Stack stack;
  if (stack.top() == nullptr) return failed("mmap", errno);
  Task task;
  task.work = &work;
  task.parent = ::getpid();
  // No signal at its end: it is nobody's business. We stand still until then.
  const pid_t pid = ::clone(run_task, stack.top(), CLONE_VM | CLONE_VFORK | CLONE_FILES, &task);
  if (pid < 0) return failed("clone", errno);
  int status = 0;
  while (::waitpid(pid, &status, __WALL) < 0) {
    if (errno != EINTR) return failed("waiting", errno);
  }
  // Whoever was killed in the middle has left our heap as it was then.
  if (WIFSIGNALED(status)) ::_exit(1);
  SideFds fds;
  for (int i = 0; i < k_side_fds; ++i)
    fds[static_cast<std::size_t>(i)].reset(task.report.fds[i]);
  if (task.error_number != 0) return failed(task.report.step, task.error_number);
  return fds;
}

}  // namespace coldframe
