#include "emulator/sandbox/side_process.hpp"

#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

namespace coldframe {
namespace {

constexpr std::size_t k_stack_bytes = 256 * 1024;

struct Task {
  const std::function<int(SideReport&)>* work = nullptr;
  SideReport report;
  int error_number = EINTR;  // what holds if it is killed on its way
};

// It grows downwards everywhere that we run.
class Stack {
 public:
  Stack()
      : memory_(::mmap(nullptr, k_stack_bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0)) {}
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
  task.error_number = (*task.work)(task.report);
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
  // No signal at its end: it is nobody's business. We stand still until then.
  const pid_t pid = ::clone(run_task, stack.top(), CLONE_VM | CLONE_VFORK | CLONE_FILES, &task);
  if (pid < 0) return failed("clone", errno);
  while (::waitpid(pid, nullptr, __WALL) < 0) {
    if (errno != EINTR) return failed("waiting", errno);
  }
  SideFds fds;
  for (int i = 0; i < k_side_fds; ++i)
    fds[static_cast<std::size_t>(i)].reset(task.report.fds[i]);
  if (task.error_number != 0) return failed(task.report.step, task.error_number);
  return fds;
}

}  // namespace coldframe
